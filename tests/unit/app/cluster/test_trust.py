"""The internal token: the right one, none, a wrong one."""

import pytest
from aiohttp.test_utils import make_mocked_request

from app.cluster.trust import HOP_HEADER, check_trusted, credentials, is_trusted
from app.errors import QueryRefused

TOKEN = "the-token-of-this-test"


def test_is_trusted() -> None:
    """The right one, in any case of the scheme; none at all is a stranger."""
    assert is_trusted(f"bearer {TOKEN}", TOKEN)
    assert not is_trusted(None, TOKEN)
    for given in ("", TOKEN, f"Basic {TOKEN}", "Bearer \udcff"):
        with pytest.raises(QueryRefused):
            is_trusted(given, TOKEN)


def test_strangers_are_refused() -> None:
    check_trusted(make_mocked_request("GET", "/", headers=credentials(TOKEN)), TOKEN)
    with pytest.raises(QueryRefused) as refused:
        check_trusted(make_mocked_request("GET", "/"), TOKEN)
    assert refused.value.status == 401


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_of_ours_nobody_is_trusted(token: str | None) -> None:
    with pytest.raises(QueryRefused):
        check_trusted(make_mocked_request("GET", "/", headers=credentials("any")), token)
    for given in ("Bearer", "Bearer ", "bearer  "):
        with pytest.raises(QueryRefused):
            is_trusted(given, token)
    assert credentials(token) == {HOP_HEADER: "1"}

"""An answer that a client has is counted, even if the process dies before it makes the record."""

import pytest

from proxy.relay.call import Call
from tests.support.relay import standing
from tests.unit.proxy.relay.test_in_place import Upstream, before

pytestmark = pytest.mark.interpreted


def make_no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process that dies as soon as an answer is out."""
    monkeypatch.setattr(Call, "finish", lambda *_, **__: None)


@pytest.mark.parametrize("body", [b"{}", b"x" * 100_000], ids=["in place", "in a task"])
async def test_a_completed_one(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async with before(Upstream()) as stand:
        make_no_records(monkeypatch)
        async with stand.session.post(f"{stand.url}/up/x", data=body) as answer:
            assert await answer.read() == b"ok"
        assert (len(stand.sink.stamped), len(stand.sink.finished)) == (2, 1)


async def test_one_that_the_upstream_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    make_no_records(monkeypatch)
    async with standing() as stand:
        async with stand.session.post(f"{stand.url}/up/x", data=b"{}") as answer:
            assert answer.status == 502
        assert (len(stand.sink.stamped), len(stand.sink.finished)) == (1, 0)

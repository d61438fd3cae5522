import pytest

from app.access.directory import ANYBODY, Principal
from app.errors import RelayRefused
from proxy.relay.caller import NO_KEY, Own, caller_of

ACME = Principal("acme", "tenant", "k1")
OWN = [(b"tailrace-auth", b"Bearer x")]


def test_without_a_gate_it_is_anybody() -> None:
    assert caller_of(None, OWN) == (ANYBODY, None)


def test_a_good_key_says_whose_call_it_is() -> None:
    assert caller_of(lambda own: ACME, OWN) == (ACME, None)


@pytest.mark.parametrize("said", [None, RelayRefused(503, "keys_not_read", "ask again")])
def test_whose_call_it_may_not_be_is_told_why(said: RelayRefused | None) -> None:
    def authorize(own: Own) -> Principal | None:
        assert own == OWN
        if said is not None:
            raise said
        return None

    assert caller_of(authorize, OWN) == (None, said or NO_KEY)

import pytest

from proxy.dialects.base import SILENT, DialectState, ResponseFacts
from proxy.dialects.table import DIALECTS
from proxy.dialects.unknown import UnknownJson
from proxy.sse import Event

STATES = [*dict.fromkeys(state for _, state in DIALECTS), UnknownJson]


@pytest.mark.parametrize("state", STATES)
def test_every_state_begins_with_nothing(state: type[DialectState]) -> None:
    fresh = state()
    assert (fresh.ended, fresh.malformed_total) == (False, 0)
    assert fresh.finish(may_estimate=True) == ResponseFacts()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"3", b"{}", b'"\xff"', b"{" * 2000])
def test_every_state_takes_any_event(state: type[DialectState], data: bytes) -> None:
    fresh = state()
    assert fresh.read_event(Event(data)) == SILENT
    assert fresh.finish(may_estimate=True).usage is None


@pytest.mark.parametrize("state", STATES)
def test_two_exchanges_share_nothing(state: type[DialectState]) -> None:
    one, other = state(), state()
    one.read_document({"model": "m", "modelVersion": "m", "id": "i"})
    assert one.finish(may_estimate=True).model == "m"
    assert other.finish(may_estimate=True).model is None

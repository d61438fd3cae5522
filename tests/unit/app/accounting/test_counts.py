"""What a producer says of a minute."""

import pytest

from app.accounting.counts import Counts, decode_counts, shown_minute
from app.clock import minute_of
from app.errors import RecordError

ONE = Counts(producer_id="p", tenant="t", minute=29_000_000, proxied=5, durable=2, sampled_out=1)


def test_said_and_read() -> None:
    assert decode_counts(ONE.encode()) == ONE
    assert ONE.key == b"p|t|29000000"
    assert ONE.pending == 2
    assert minute_of(119.9) == 1
    assert shown_minute(29_000_000) == "2025-02-19T21:20Z"


@pytest.mark.parametrize("value", [None, b"", b"[]", b"{}", b'{"producer_id": 1}'])
def test_what_is_no_counts(value: bytes | None) -> None:
    with pytest.raises(RecordError):
        decode_counts(value)

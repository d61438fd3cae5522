"""A stream of anything at all, in any cut: what the client gets of it when usage is asked for."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from proxy.relay.usage_option import MAX_EVENT_BYTES, UsageFilter

EXTRA = b'data: {"choices":[],"usage":{"total_tokens":1}}'
PARTS = st.sampled_from(
    [
        *(b"data: ", b"event: x", b": c", b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"[DONE]"),
        *(b'{"choices":[]}', b'{"choices":[],"prompt_filter_results":[]}', b'"', b"\\", b"\xff"),
    ]
)
STREAMS = st.lists(PARTS | st.binary(max_size=30), max_size=20).map(b"".join)
CUTS = st.lists(st.integers(0, 10_000), max_size=12)


def passed(stream: bytes, cuts: list[int]) -> bytes:
    extra = UsageFilter()
    edges = [0, *sorted(at % (len(stream) + 1) for at in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    return b"".join(extra.feed(piece) for piece in pieces) + extra.end()


@given(STREAMS, CUTS)
def test_every_byte_passes_that_the_option_did_not_bring(stream: bytes, cuts: list[int]) -> None:
    stream = stream.replace(b'"usage"', b"")
    assert passed(stream, cuts) == stream


@given(STREAMS, STREAMS, CUTS, st.sampled_from([b"\n\n", b"\r\n\r\n", b"\r\n\n", b"\n\r\n"]))
def test_what_it_brought_goes_wherever_it_stands(
    before: bytes, after: bytes, cuts: list[int], end: bytes
) -> None:
    before = re.sub(rb"[\r\n]+\Z", b"", before) + b"\n\n"
    after = after.replace(b'"usage"', b"").lstrip(b"\r\n")
    before = before.replace(b'"usage"', b"")
    assert passed(before + EXTRA + end + after, cuts) == before + after


@given(st.integers(1, 5), st.integers(1, 3 * MAX_EVENT_BYTES))
def test_an_event_without_end_is_never_held_for_long(chunks: int, size: int) -> None:
    extra, fed, came = UsageFilter(), 0, 0
    for _ in range(chunks):
        came += len(extra.feed(b"x" * size))
        fed += size
        assert fed - came <= MAX_EVENT_BYTES

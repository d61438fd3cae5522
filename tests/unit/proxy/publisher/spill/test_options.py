"""Segments stay short beside the limit."""

from proxy.publisher.spill.options import SpillOptions


def test_a_segment_is_an_eighth_of_the_limit_at_most() -> None:
    assert SpillOptions(max_bytes=8000, segment_bytes=5000).seal_bytes == 1000
    assert SpillOptions(max_bytes=80_000, segment_bytes=5000).seal_bytes == 5000

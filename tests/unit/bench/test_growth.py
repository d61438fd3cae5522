"""How cost grows: what is asked for at each size, and how the figures are put together."""

import pytest

from tests.bench.growth import Metered, median_of, pause_ms, streams_summary, times_of


def test_as_many_chunks_a_second_of_a_hundred_streams_as_of_a_thousand() -> None:
    assert [pause_ms(streams) for streams in (1, 100, 1000)] == [10, 20, 200]
    assert 100 / pause_ms(100) == 1000 / pause_ms(1000)


def test_a_single_stream_is_opened_several_times() -> None:
    assert [times_of(streams) for streams in (1, 100, 1000)] == [5, 1, 1]


def test_medians_are_taken_field_by_field() -> None:
    made = [Metered(1.0, 9.0, 5.0, 7.0), Metered(3.0, 8.0, 4.0, 7.0), Metered(2.0, 1.0, 6.0, 7.0)]
    assert median_of(made) == {
        "cpu_us": 2.0,
        "records_per_s": 8.0,
        "changelog_bytes": 5.0,
        "rss_mb": 7.0,
    }


def test_memory_is_that_of_the_first_round() -> None:
    found = {
        (100, "bare"): [(10.0, 51.0), (30.0, 99.0)],
        (100, "ours"): [(20.0, 82.0), (60.0, 99.0)],
    }
    figures = streams_summary(found, {"bare": 50.0, "ours": 80.0})
    assert figures["chunk_us"] == {"100 bare": 20.0, "100 ours": 40.0}
    assert figures["peak_mb"] == {"100 bare": 51.0, "100 ours": 82.0}
    assert figures["stream_kb"] == pytest.approx({"100 bare": 10.0, "100 ours": 20.0})
    assert figures["100 ours to bare"]["median"] == 2.0

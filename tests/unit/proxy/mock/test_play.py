import orjson
import pytest

from proxy.mock import anthropic, openai
from proxy.mock.play import CutHere, Dialect, Performance, failure
from proxy.mock.script import Script

BODY = orjson.dumps({"model": "m", "messages": [], "stream": True})
DIALECTS: list[Dialect] = [openai, anthropic]


def performance(dialect: Dialect, script: Script) -> Performance:
    request, prose = dialect.read(BODY, script)
    return Performance(dialect, script, request, prose)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_all_events_in_order(dialect: Dialect) -> None:
    show = performance(dialect, Script(chunks=2))
    opening, closing = (
        dialect.opening(show.request, show.prose),
        dialect.closing(show.request, show.prose),
    )
    words = [dialect.word(show.request, show.prose, index) for index in range(2)]
    assert list(show.events()) == [*opening, *words, *closing]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_error_event_ends_the_stream(dialect: Dialect, after: int) -> None:
    show = performance(dialect, Script(chunks=2, error_after=after))
    events = list(show.events())
    assert len(events) == len(dialect.opening(show.request, show.prose)) + after + 1
    assert b"error" in events[-1]


@pytest.mark.parametrize("after", [0, 2])
def test_a_cut_comes_after_so_many_words(after: int) -> None:
    events = performance(openai, Script(chunks=2, cut_after=after)).events()
    for _ in range(1 + after):
        next(events)
    with pytest.raises(CutHere):
        next(events)


@pytest.mark.parametrize(("status", "retry"), [(429, "1"), (529, "1"), (500, None)])
def test_a_failure_says_when_to_retry(status: int, retry: str | None) -> None:
    answer = failure(openai, status, "no")
    assert answer.status == status
    assert answer.headers.get("retry-after") == retry
    assert "x-request-id" in answer.headers

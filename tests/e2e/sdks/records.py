"""What the records of a case say, beside what arrived at the provider."""

from collections import Counter
from collections.abc import Iterable

from app.record.model import Record
from tests.e2e.sdks.answers import recorded
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.stand_in import REQUEST_ID, Arrival


def told(case: Case, records: list[Record], arrivals: Iterable[list[Arrival]]) -> None:
    """One record of each request, of its size, how it ended and which attempt it was."""
    ways = list(arrivals)
    arrived = [arrival for way in ways for arrival in way]
    sent = Counter((each.method, each.path.partition("?")[0], each.size) for each in arrived)
    assert Counter((each.method, each.path, each.request_bytes) for each in records) == sent
    ends = [case.earlier] * (case.attempts - 1) + [case.outcome]
    assert Counter(each.outcome for each in records) == Counter(ends * len(ways)), records
    tries = [value for way in ways for each in way for value in each.retry_counts]
    counts = [each.client_retry_count for each in records if each.client_retry_count is not None]
    assert sorted(counts) == sorted(tries)
    for record in records:
        assert (record.provider_request_id == REQUEST_ID) is (record.status is not None), record
        if record.outcome == "completed" and case.is_whole:
            _read(case, record)


def _read(case: Case, record: Record) -> None:
    """A whole answer: its model, its end, its usage."""
    golden = recorded(case.play)
    for name in ("model", "finish_reason"):
        assert getattr(record, name) == golden.get(name, getattr(record, name)), name
    if usage := golden.get("usage"):
        assert record.usage is not None
        # What is estimated depends on the request, which is another one here.
        expected = {"estimated": True} if usage.get("estimated") else usage
        assert expected.items() <= record.usage.model_dump().items()
    if case.usage is not None:
        assert record.usage is not None
        assert (record.usage.input, record.usage.output) == case.usage

"""Rows that an engine refuses, found among those that it takes: halves, and halves of those.

Good for two kinds of refusal: one that says that a row will never do, and one that says no without
saying whose fault it is. The second kind is given up after a few in a row, since then it is the
engine's; a single row that fails so beside others that get through is left to be tried again.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.contract import Done, Fatal, RetryAfter, Verdict

Insert = Callable[[Sequence[Any]], Awaitable[None]]
UNCLEAR_IN_A_ROW = 16
REFUSED = "refused"


async def insert_apart(insert: Insert, rows: Sequence[Any]) -> list[Verdict]:
    """A verdict for each row, in order; one call of `insert` where nothing is wrong."""
    verdicts: list[Verdict] = [RetryAfter("not tried")] * len(rows)
    left = [(0, len(rows))] if rows else []
    in_a_row = 0
    while left:
        start, end = left.pop()
        alone = end - start == 1
        try:
            await insert(rows[start:end])
        except SinkRefused as exc:
            verdict: Verdict = Fatal(REFUSED, str(exc))
        except SinkUnavailable as exc:
            verdict = RetryAfter(str(exc), exc.retry_after_s)
            in_a_row += 1
            if not exc.reached or in_a_row >= UNCLEAR_IN_A_ROW:
                for begin, stop in [*left, (start, end)]:
                    verdicts[begin:stop] = [verdict] * (stop - begin)
                return verdicts
        else:
            in_a_row = 0
            verdicts[start:end] = [Done()] * (end - start)
            continue
        if alone:
            verdicts[start] = verdict
        else:
            middle = (start + end) // 2
            left += [(middle, end), (start, middle)]
    return verdicts

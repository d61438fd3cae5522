"""Whether an answer about a user is right, while records are still being counted.

A user's records lie in one partition and are counted in order: an answer that has `n` of them must
be, to the token and the nano-dollar, the sum of the first `n`. An exact one never has fewer than an
exact one before it; a stale one never fewer than those that came before the age that it states.
"""

import time
from collections import Counter, defaultdict
from typing import Any

from tests.support.exchanges import Ledger, comparable

CLOCK_SLACK_S = 0.01


class Truth:
    """Judges answers; `wrong` are the first of those that could not be true."""

    def __init__(self, ledger: Ledger) -> None:
        """`ledger` has every record that is or will be sent, in the order of sending."""
        self._ledger = ledger
        self._exact: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        self._sums: dict[tuple[str, int], dict[str, Any]] = {}
        self.judged: Counter[str] = Counter()
        self.oldest_s = 0.0
        self.wrong: list[str] = []

    def judge(self, user: str, asked_s: float, status: int, answer: Any) -> None:
        """An answer to a question of `asked_s` (monotonic), received now."""
        if status != 200:
            if status not in (404, 503, -1):
                self.wrong.append(f"{user}: {status} {answer}")
            elif status == 404 and self._least(user, asked_s):
                self.wrong.append(f"{user}: unknown, and was known")
            self.judged[str(status)] += 1
            return
        count, stale = answer["requests"], answer["stale"]
        self.judged["stale" if stale else "exact"] += 1
        if stale:
            self.oldest_s = max(self.oldest_s, answer["age_s"])
        age_s = answer["age_s"] + CLOCK_SLACK_S if stale else 0.0
        if comparable(answer) != self._first(user, count):
            self.wrong.append(f"{user}: {count} requests, and other sums")
        if count < (least := self._least(user, asked_s - age_s)):
            self.wrong.append(f"{user}: {count}, {least} before; stale {stale}, age {age_s:.2f} s")
        if not stale:
            self._exact[user].append((time.monotonic(), count))

    def _least(self, user: str, at_s: float) -> int:
        """The most that an exact answer had that came before `at_s`."""
        return max((count for got_s, count in self._exact[user] if got_s <= at_s), default=0)

    def _first(self, user: str, count: int) -> dict[str, Any] | None:
        """What the first `count` records of a user sum up to; None for more than there are."""
        if not 0 < count <= len(self._ledger.records(user)):
            return None
        if (user, count) not in self._sums:
            self._sums[user, count] = self._ledger.expected(user, first=count)
        return self._sums[user, count]

"""The prices of one model over time: steps in order of precedence, the first valid one counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.pricing.rates import Rates
from app.record.fact import UnpricedReason


@dataclass(frozen=True, slots=True)
class Step:
    """Rates, or why there are none, and when they are valid; `valid_at` None means always."""

    rates: Rates | UnpricedReason
    valid_at: Callable[[datetime], bool] | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps in order of precedence; the last one is always valid."""

    steps: tuple[Step, ...]

    def rates_at(self, time: datetime) -> Rates | UnpricedReason:
        """What holds for an exchange that started at `time`."""
        for step in self.steps:
            if step.valid_at is None or step.valid_at(time):
                return step.rates
        return "unknown_model"

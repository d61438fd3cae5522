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

    def changed(self, change: Callable[[Rates], Rates]) -> "Step":
        """The same with its rates changed; a reason stays what it is."""
        if isinstance(self.rates, Rates):
            return Step(change(self.rates), self.valid_at)
        return self


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps in order of precedence; the last one is always valid."""

    steps: tuple[Step, ...]

    def changed(self, change: Callable[[Rates], Rates]) -> "Schedule":
        """The same with all rates changed."""
        return Schedule(tuple(each.changed(change) for each in self.steps))

    def rates_at(self, time: datetime) -> Rates | UnpricedReason:
        """What holds for an exchange that started at `time`."""
        for step in self.steps:
            if step.valid_at is None or step.valid_at(time):
                return step.rates
        return "unknown_model"

"""The marks of an exchange on the monotonic clock, and the record's timings made of them."""

from collections.abc import Mapping
from typing import Final

from proxy.capture.pace import Pace

SHORTEST_STREAM_S: Final = 1e-3


def tokens_per_s(usage: Mapping[str, int | bool] | None, pace: Pace) -> float | None:
    """How fast a stream's tokens came after its first one; None where that is not known.

    Reasoning that nothing was seen of came before, and does not count.
    """
    output = (usage or {}).get("output")
    if usage is None or output is None or pace.lasted_s < SHORTEST_STREAM_S:
        return None
    hidden = usage.get("reasoning", 0) if pace.first_thought_s is None else 0
    following = output - hidden - 1
    return round(following / pace.lasted_s, 3) if following > 0 else None


class Marks:
    """Readings in seconds; None where the exchange never came so far.

    `waited_s` is the part of the time until `request_sent_s` in which others were waited for.
    """

    __slots__ = (
        "ended_s",
        "first_byte_s",
        "request_sent_s",
        "response_started_s",
        "started_s",
        "waited_s",
    )

    def __init__(
        self,
        started_s: float,
        request_sent_s: float | None = None,
        waited_s: float = 0.0,
        response_started_s: float | None = None,
        first_byte_s: float | None = None,
        ended_s: float = 0.0,
    ) -> None:
        self.started_s = started_s
        self.request_sent_s = request_sent_s
        self.waited_s = waited_s
        self.response_started_s = response_started_s
        self.first_byte_s = first_byte_s
        self.ended_s = ended_s

    def timings_ms(self, pace: Pace | None) -> dict[str, float]:
        """The fields of `app.record.model.Timings`, rounded to a microsecond, never negative.

        What there was not is left out. `proxy_overhead` is the time from the start until the
        request had gone up, less what was waited for others in it; what the relay adds on the way
        down is not measured.
        """
        started_s, sent_s = self.started_s, self.request_sent_s
        timings_ms = {"total": _ms(self.ended_s - started_s)}
        if self.response_started_s is not None:
            timings_ms["upstream_headers"] = _ms(self.response_started_s - started_s)
        if self.first_byte_s is not None:
            timings_ms["first_byte"] = _ms(self.first_byte_s - started_s)
        if sent_s is not None:
            timings_ms["proxy_overhead"] = _ms(sent_s - self.waited_s - started_s)
            timings_ms["upstream"] = _ms(self.ended_s - sent_s)
        if pace is not None:
            timings_ms |= self._of_tokens(pace)
        return timings_ms

    def _of_tokens(self, pace: Pace) -> dict[str, float]:
        timings_ms: dict[str, float] = {}
        if pace.first_thought_s is not None:
            timings_ms["first_reasoning_token"] = _ms(pace.first_thought_s - self.started_s)
        if pace.first_s is not None:
            timings_ms["first_token"] = _ms(pace.first_s - self.started_s)
            gaps = (("inter_token_p50", pace.gap_ms(0.50)), ("inter_token_p99", pace.gap_ms(0.99)))
            timings_ms |= {name: gap_ms for name, gap_ms in gaps if gap_ms is not None}
        return timings_ms


def _ms(duration_s: float) -> float:
    # As `round(…, 3)` has it but for halves, at a quarter of its cost.
    return int(duration_s * 1e6 + 0.5) / 1000 if duration_s > 0 else 0.0

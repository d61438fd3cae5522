"""The marks of an exchange on the monotonic clock, and the record's timings made of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from proxy.capture.pace import Pace

SHORTEST_STREAM_S = 1e-3


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


@dataclass(slots=True)
class Marks:
    """Readings in seconds; None where the exchange never came so far.

    `waited_s` is the part of the time until `request_sent_s` in which others were waited for.
    """

    started_s: float
    request_sent_s: float | None = None
    waited_s: float = 0.0
    response_started_s: float | None = None
    first_byte_s: float | None = None
    ended_s: float = 0.0

    def timings_ms(self, pace: Pace | None) -> dict[str, float | None]:
        """The fields of `app.record.model.Timings`, rounded to a microsecond, never negative.

        `proxy_overhead` is the time from the start until the request had gone up, less what was
        waited for others in it; what the relay adds on the way down is not measured.
        """
        sent_s = self.request_sent_s
        upstream_s = None if sent_s is None else max(0.0, self.ended_s - sent_s)
        has_tokens = pace is not None and pace.first_s is not None
        return {
            "total": self._since_start_ms(self.ended_s) or 0.0,
            "upstream_headers": self._since_start_ms(self.response_started_s),
            "first_byte": self._since_start_ms(self.first_byte_s),
            "first_token": self._since_start_ms(pace.first_s) if pace and has_tokens else None,
            "inter_token_p50": pace.gap_ms(0.50) if pace and has_tokens else None,
            "inter_token_p99": pace.gap_ms(0.99) if pace and has_tokens else None,
            "proxy_overhead": (
                None if sent_s is None else self._since_start_ms(sent_s - self.waited_s)
            ),
            "first_reasoning_token": self._since_start_ms(pace.first_thought_s) if pace else None,
            "upstream": None if upstream_s is None else round(upstream_s * 1000, 3),
        }

    def _since_start_ms(self, at_s: float | None) -> float | None:
        return None if at_s is None else max(0.0, round((at_s - self.started_s) * 1000, 3))

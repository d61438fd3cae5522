"""What every SDK must live through alike: errors, retries, broken streams, timeouts, leaving."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from tests.e2e.sdks.case import Case

STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 529)
DELAY = {"x-delay-ms": "60000"}
SOON = "retry-after-ms=20"
"""Sooner than any wait of an SDK's own."""
LATER_S = 0.6
"""Later than the first wait of both SDKs that go by it, which is at most half a second."""


class City(BaseModel):
    """What a structured answer is parsed into."""

    city: str
    rivers: int


@dataclass(frozen=True)
class Shared:
    """A plain and a streamed call; `retries` are the statuses after which the SDK tries again.

    `hurried` are options of a client that waits for two seconds at most, `stubborn` those
    of one that tries three times, `resigned` of one that tries once.
    """

    plain: Case
    stream: Case
    hurried: dict[str, Any]
    stubborn: dict[str, Any]
    resigned: dict[str, Any]
    retries: tuple[int, ...]
    wait_s: float = 0.02

    def cases(self) -> Iterator[Case]:
        """All of them."""
        for status in STATUSES:
            yield self._failing(f"error {status}", {"x-status": str(status)})
        for status in self.retries:
            how = {"x-fail-first": "2", "x-fail-status": str(status), "x-retry": SOON}
            yield self._retried(f"retried after {status}", how, 3, self.wait_s)
        how = {"x-fail-first": "9", "x-fail-status": "503", "x-retry": SOON}
        yield replace(
            self._retried("retried in vain", how, 3, self.wait_s),
            raises=True,
            outcome="upstream_error",
        )
        for kind in ("/", "http"):
            yield replace(
                self.plain,
                name=f"redirected by {kind}",
                how={"x-redirect": kind},
                attempts=2,
                earlier="completed",
            )
        yield replace(self._failing("answer cut", {"x-cut-body": "99"}), client=self.resigned)
        packed = {"x-encoding": "gzip"}
        yield replace(self.plain, name="packed", how=packed)
        yield replace(self.stream, name="packed stream", how=packed)
        yield replace(
            self.stream,
            name="stream refused with 529",
            how={"x-status": "529"},
            raises=True,
            outcome="upstream_error",
        )
        for after in (1, 2):
            yield replace(
                self.stream,
                name=f"stream cut after {after}",
                how={"x-cut-after": str(after)},
                raises=True,
                outcome="upstream_error",
            )
        hurried: dict[str, Any] = {
            "client": self.hurried,
            "raises": True,
            "outcome": "client_abort",
        }
        yield replace(self.plain, name="timeout", how=DELAY, **hurried)
        yield replace(self.stream, name="timeout before a stream", how=DELAY, **hurried)
        yield replace(
            self.stream, name="timeout within a stream", how={"x-hold-after": "2"}, **hurried
        )
        yield replace(
            self.stream,
            name="stream left",
            how={"x-hold-after": "3"},
            reads=2,
            outcome="client_abort",
        )

    def waits(self) -> Iterator[Case]:
        """Of an SDK that waits as long as it is told to."""
        for told in (f"retry-after-ms={LATER_S * 1000}", f"retry-after={LATER_S}"):
            how = {"x-fail-first": "1", "x-fail-status": "429", "x-retry": told}
            yield self._retried(f"waits for {told}", how, 2, LATER_S)
        yield replace(
            self._retried("retried after a break", {"x-drop-first": "1"}, 2, 0),
            heads_alike=False,
        )
        yield replace(
            self._retried("retried after a timeout", DELAY | {"x-delay-first": "1"}, 2, 0),
            client=self.hurried | {"max_retries": 1},
            earlier="client_abort",
        )

    def _failing(self, name: str, how: dict[str, str]) -> Case:
        return replace(self.plain, name=name, how=how, raises=True, outcome="upstream_error")

    def _retried(self, name: str, how: dict[str, str], attempts: int, wait_s: float) -> Case:
        return replace(
            self.plain, name=name, how=how, client=self.stubborn, attempts=attempts, wait_s=wait_s
        )

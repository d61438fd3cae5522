"""One call of an SDK, the same one by its async and its sync client, and what is to come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

from app.record.model import Outcome

Mode = Literal["value", "stream", "raw", "bytes", "helper", "binary"]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """`method` is the dotted name on the client; `play` and `how` tell the stand-in what to do.

    value    what the call gives
    stream   every event of a stream; of one that is left, the first `reads`
    raw      status, headers and content of the raw response
    bytes    the body as it is streamed
    helper   every event of a `.stream()`, and what it adds up to
    binary   what the call gives is a file

    `arguments` are made anew for each run where they cannot be used twice. `client` are options
    of the client. Of the record: `outcome` is that of the last attempt, `earlier` that of all
    before it, `usage` are the tokens in and out. `wait_s` is the least time between attempts.
    `heads_alike` is false where the relay has to answer for a provider that did not.
    """

    name: str
    method: str
    arguments: Arguments | Callable[[], Arguments]
    play: str
    mode: Mode = "value"
    how: Mapping[str, str] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    raises: bool = False
    outcome: Outcome = "completed"
    earlier: Outcome = "upstream_error"
    usage: tuple[int, int] | None = None
    attempts: int = 1
    wait_s: float = 0
    heads_alike: bool = True
    reads: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """What tells the stand-in."""
        return {"x-play": self.play, **self.how}

    @property
    def is_whole(self) -> bool:
        """Whether the client gets all of the answer."""
        return not self.how.keys() - {"x-encoding", "x-next"}

    @property
    def waits(self) -> bool:
        """Whether most of it is waiting."""
        return self.wait_s >= 0.5 or "timeout" in self.client

    def asked(self, client: Any) -> Any:
        """What the method gives, called on a client."""
        arguments = self.arguments() if callable(self.arguments) else self.arguments
        return reduce(getattr, self.method.split("."), client)(**arguments)

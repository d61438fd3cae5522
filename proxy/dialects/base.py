"""What every dialect says of an exchange, and the Protocol that its state follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from proxy.sse import Event

Document = Mapping[str, Any]


@dataclass(slots=True)
class RequestFacts:
    """What the request's body says; None and False where it does not."""

    model: str | None = None
    stream: bool = False
    user: str | None = None


@dataclass(slots=True)
class ResponseFacts:
    """What the response says.

    `usage` has the field names and the convention of `app.record.model.Usage`. `error` is set
    where the provider told of one; `failed` says that it ended the exchange, whatever the status.
    `ended` says that a stream's own end mark came.
    """

    model: str | None = None
    finish_reason: str | None = None
    provider_id: str | None = None
    usage: dict[str, int | bool] | None = None
    error: str | None = None
    failed: bool = False
    ended: bool = False


class DialectState(Protocol):
    """One exchange read in one dialect: the request once, then events or one document.

    It keeps no bytes of the bodies, and never raises for any JSON whatever.
    """

    marks_end: ClassVar[bool]
    """Whether a stream that lacks its end mark is cut short."""

    malformed_total: int
    """Events that are not what the dialect allows."""

    def read_request(self, document: Document) -> RequestFacts:
        """The request's body, a JSON object."""

    def read_event(self, event: Event) -> bool:
        """One event of a stream; True if it brings something visible of the answer."""

    def read_document(self, document: Document) -> None:
        """The body of a response that is no stream, a JSON object."""

    @property
    def ended(self) -> bool:
        """Whether the stream's end mark came."""

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; missing counts are estimated where that is allowed and possible."""

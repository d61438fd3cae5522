"""What every dialect says of an exchange, and the Protocol that its state follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol, TypeGuard

from proxy.sse import Event

Document = Mapping[str, Any]

SILENT: Final = 0
THOUGHT: Final = 1
SHOWN: Final = 2
"""What an event brings of the answer: nothing, some of the model's reasoning, something visible."""


@dataclass(slots=True, init=False)
class RequestFacts:
    """What the request's body says; None and False where it does not."""

    model: str | None
    stream: bool
    user: str | None

    def __init__(
        self, model: str | None = None, *, stream: bool = False, user: str | None = None
    ) -> None:
        self.model = model
        self.stream = stream
        self.user = user


@dataclass(slots=True, init=False)
class ResponseFacts:
    """What the response says.

    `usage` has the field names and the convention of `app.record.model.Usage`. `service_tier` is
    the one that was billed, `reported_cost_nano_usd` what the provider says that it costs. `error`
    is set where the provider told of one; `failed` says that it ended the exchange, whatever the
    status. `ended` says that a stream is complete.
    """

    model: str | None
    finish_reason: str | None
    provider_id: str | None
    usage: dict[str, int | bool] | None
    service_tier: str | None
    reported_cost_nano_usd: int | None
    error: str | None
    failed: bool
    ended: bool

    def __init__(self, *, finish_reason: str | None = None, failed: bool = False) -> None:
        self.model = self.provider_id = None
        self.finish_reason = finish_reason
        self.usage = None
        self.service_tier = self.error = None
        self.reported_cost_nano_usd = None
        self.failed = failed
        self.ended = False


class DialectState(Protocol):
    """One exchange read in one dialect: the request once, then events or one document.

    It keeps no bytes of the bodies, and never raises for any JSON whatever.
    """

    marks_end: ClassVar[bool]
    """Whether a stream that is not known to be complete is cut short."""

    malformed_total: int
    """Events that are not what the dialect allows."""

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """The request's body, a JSON object or the text fields of a form.

        Of a large one `unread_bytes` of text are left out.
        """

    def read_event(self, event: Event) -> int:
        """One event of a stream; what it brings: `SILENT`, `THOUGHT` or `SHOWN`."""

    def read_document(self, document: Document) -> None:
        """The body of a response that is no stream, a JSON object."""

    @property
    def ended(self) -> bool:
        """Whether the stream's end mark came: nothing that matters can follow."""

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; missing counts are estimated where that is allowed and possible."""


class TextState(DialectState, Protocol):
    """A state for whose common events `proxy.dialects.alike` is worth its while."""

    def text_in(self, document: Document) -> str | None:
        """The text of an event, None unless there is only that in it.

        That is where reading it again, with any other text that is not empty, brings the same, and
        changes nothing but the count of text: by the bytes of that text.
        """

    def add_text(self, text_bytes: int) -> None:
        """Count so much more text."""


def tells_text(state: DialectState) -> TypeGuard[TextState]:
    """Whether it is such a state."""
    return hasattr(type(state), "text_in")

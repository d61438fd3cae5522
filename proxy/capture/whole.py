"""Small JSON bodies, kept as they came and read once, at the end: most of all there are.

What a `RequestSide` or a `ResponseSide` is ready for (codings, streams, forms, bodies that go
elsewhere) costs more than such a body itself. Each of these takes what is plain; as soon as a body
is not, `Capture` replaces it by the other, which is fed what came until then.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Final

from app.record.bodies import BodyPart
from app.record.model import BodyState
from proxy.capture.json_body import WHOLE_BYTES
from proxy.capture.large import LargeBody
from proxy.capture.pace import Pace
from proxy.capture.response_head import OBJECT_STREAMS, ResponseHead, media_type_of
from proxy.capture.scrubbing import scrub
from proxy.dialects.base import DialectState, RequestFacts, ResponseFacts
from proxy.dialects.fields import load
from proxy.exchange import CallMeta, CaptureLimits

NOT_JSON: Final = "request_not_json"


class WholeRequest:
    """A request's JSON that came in one piece, or none at all. See `RequestSide`."""

    __slots__ = ("_dialect", "_facts", "_meta", "data", "notes", "size_bytes")
    large: ClassVar[LargeBody | None] = None

    def __init__(self, meta: CallMeta, dialect: DialectState) -> None:
        self._meta = meta
        self._dialect = dialect
        self._facts: RequestFacts | None = None
        self.data = b""
        self.notes: tuple[str, ...] = ()
        self.size_bytes = 0

    def takes(self, chunk: bytes, limits: CaptureLimits) -> bool:
        """Take some of the body; False where it is more than this is for."""
        meta = self._meta
        if self.data or meta.request_content_encoding or len(chunk) > WHOLE_BYTES:
            return False
        if limits.max_body_bytes < WHOLE_BYTES or limits.max_decoded_bytes < WHOLE_BYTES:
            return False
        if chunk[:1] != b"{" and "json" not in meta.request_content_type.lower():
            return False
        self.data = chunk
        self.size_bytes = len(chunk)
        return True

    def read(self) -> RequestFacts:
        """What the body says, read once."""
        if self._facts is None:
            self._facts = RequestFacts()
            if self.data:
                document = load(self.data)
                if isinstance(document, dict):
                    self._facts = self._dialect.read_request(document)
                else:
                    self.notes = (NOT_JSON,)
        return self._facts

    @property
    def state(self) -> BodyState:
        """What became of the body's copy."""
        if not self.data:
            return "empty"
        return "omitted" if self._meta.identity.omit_request else "kept"

    def part(self) -> BodyPart | None:
        """The bytes to keep, None unless the state is `kept`."""
        meta = self._meta
        if not self.data or meta.identity.omit_request:
            return None
        return BodyPart(meta.request_content_type, "", scrub(self.data, meta.secrets))


class WholeResponse:
    """A response's JSON document, no failure, not encoded, of at most 48 KB. See `ResponseSide`."""

    __slots__ = ("_dialect", "_meta", "chunks", "head", "notes", "size_bytes")
    large: ClassVar[LargeBody | None] = None
    is_stream: ClassVar[bool] = False
    pace: ClassVar[Pace | None] = None

    def __init__(self, head: ResponseHead, meta: CallMeta, dialect: DialectState) -> None:
        self._meta = meta
        self._dialect = dialect
        self.head = head
        self.chunks: list[bytes] = []
        self.notes: tuple[str, ...] = ()
        self.size_bytes = 0

    def takes(self, chunks: Sequence[bytes]) -> bool:
        """Take some of the body; False where it is more than this is for."""
        size_bytes = self.size_bytes + sum(map(len, chunks))
        if size_bytes > WHOLE_BYTES:
            return False
        self.size_bytes = size_bytes
        self.chunks += chunks
        return True

    def finish(self) -> tuple[ResponseFacts, bool]:
        """What the response says; no document is known to be cut short."""
        if self.chunks:
            document = load(self._joined())
            if isinstance(document, dict):
                self._dialect.read_document(document)
            elif "json" in self.head.media_type:
                self.notes = ("response_not_json",)
        if self._dialect.malformed_total:
            self.notes = (*self.notes, "event_malformed")
        return self._dialect.finish(may_estimate=True), False

    @property
    def state(self) -> BodyState:
        """What became of the body's copy."""
        if not self.chunks:
            return "empty"
        return "omitted" if self._meta.identity.omit_response else "kept"

    def part(self) -> BodyPart | None:
        """The bytes to keep, None unless the state is `kept`."""
        if not self.chunks or self._meta.identity.omit_response:
            return None
        data = scrub(self._joined(), self._meta.secrets)
        return BodyPart(self.head.content_type, self.head.content_encoding, data)

    def error_text(self) -> None:
        """None: it is no failure."""

    def stop_reading(self) -> None:
        """Nothing is read before the end, and then only once."""

    def _joined(self) -> bytes:
        if len(self.chunks) > 1:
            self.chunks = [b"".join(self.chunks)]
        return self.chunks[0]


def is_whole(head: ResponseHead, limits: CaptureLimits, *, in_elements: bool) -> bool:
    """Whether a response may be a `WholeResponse`, as far as its head tells."""
    return (
        head.status < 400
        and not head.content_encoding
        and _is_document(head.content_type)
        and not in_elements
        and limits.max_body_bytes >= WHOLE_BYTES
        and limits.max_decoded_bytes >= WHOLE_BYTES
    )


@lru_cache(maxsize=256)
def _is_document(content_type: str) -> bool:
    media_type = media_type_of(content_type)
    return ("json" in media_type or not media_type) and media_type not in OBJECT_STREAMS

"""The request as it goes up: its copy, and what its body says."""

from app.record.bodies import BodyPart
from app.record.model import BodyState
from proxy.capture.body_copy import BodyCopy
from proxy.capture.form import HEAD_BYTES, boundary_in, text_fields
from proxy.capture.json_body import JsonBody
from proxy.capture.large import Begin, LargeBody
from proxy.decoding import Decoder, coding_names
from proxy.dialects.base import DialectState, RequestFacts
from proxy.exchange import CallMeta, CaptureLimits


class RequestSide:
    """One request's bytes. `notes` names what could not be read."""

    __slots__ = (
        "_boundary",
        "_copy",
        "_decoder",
        "_dialect",
        "_facts",
        "_form",
        "_json",
        "_limits",
        "_meta",
        "notes",
        "size_bytes",
    )

    def __init__(
        self,
        meta: CallMeta,
        limits: CaptureLimits,
        dialect: DialectState,
        begin: Begin | None = None,
    ) -> None:
        self._meta = meta
        self._limits = limits
        self._dialect = dialect
        self._boundary: bytes | None = None
        omit = meta.identity.omit_request
        limit_bytes = 0 if omit else limits.max_body_bytes
        self._copy = BodyCopy(limit_bytes, None if omit else begin, meta.secrets)
        self._decoder: Decoder | None = None
        self._form = b""
        self._json: JsonBody | None = None
        self._facts: RequestFacts | None = None
        self.notes: list[str] = []
        self.size_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Some of the body; what is neither JSON nor a form is not looked into."""
        if not chunk:
            return
        if self.size_bytes == 0:
            self._begin(chunk)
        self.size_bytes += len(chunk)
        self._copy.add(chunk)
        if self._json is not None:
            if self._decoder is None:
                self._json.add(chunk)
            else:
                for piece in self._decoder.feed(chunk):
                    self._json.add(piece)
        elif self._boundary is not None and len(self._form) < HEAD_BYTES:
            self._form += chunk[: HEAD_BYTES - len(self._form)]

    def read(self) -> RequestFacts:
        """What the body says, read once; what was gathered for reading alone is let go."""
        if self._facts is None:
            gathered, self._json = self._json, None
            self._facts = RequestFacts()
            if gathered is not None:
                self._facts = self._read(gathered)
            elif self._boundary is not None:
                self._facts = self._dialect.read_request(text_fields(self._form, self._boundary))
        return self._facts

    @property
    def state(self) -> BodyState:
        """What became of the body's copy."""
        if not self.size_bytes:
            return "empty"
        if self._meta.identity.omit_request:
            return "omitted"
        return self._copy.fate

    def part(self) -> BodyPart | None:
        """The bytes to keep, None unless the state is `kept`."""
        if self.state != "kept":
            return None
        meta = self._meta
        return self._copy.part(meta.request_content_type, meta.request_content_encoding)

    @property
    def large(self) -> LargeBody | None:
        """The body, where it goes elsewhere."""
        return self._copy.large

    def _begin(self, first_chunk: bytes) -> None:
        meta, limit_bytes = self._meta, self._limits.max_decoded_bytes
        if coding_names(meta.request_content_encoding):
            self._decoder = Decoder(meta.request_content_encoding, limit_bytes)
        starts_as_object = first_chunk[:64].lstrip()[:1] == b"{"
        if starts_as_object or "json" in meta.request_content_type.lower():
            self._json = JsonBody(limit_bytes)
        else:
            self._boundary = boundary_in(meta.request_content_type)

    def _read(self, gathered: JsonBody) -> RequestFacts:
        if self._decoder is not None:
            self._decoder.finish()
            if self._decoder.failure is not None:
                self.notes.append("request_not_decoded")
                return RequestFacts()
        if gathered.outgrown:
            self.notes.append("request_too_large_to_read")
            return RequestFacts()
        document = gathered.document()
        if not isinstance(document, dict):
            self.notes.append("request_not_json")
            return RequestFacts()
        return self._dialect.read_request(document, gathered.long_text_bytes)

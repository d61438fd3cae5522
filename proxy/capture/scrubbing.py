"""A call's credentials taken out of the copies of its bodies, wherever the chunks are cut.

Each is overwritten with as many asterisks, so that lengths and all else stay as they were. What the
client and the provider get is not touched.
"""

from collections.abc import Sequence
from typing import Final

from app.record.bodies import BodyPart
from app.redaction import MASK, redact_text
from proxy.decoding import Decoder, coding_names
from proxy.dialects.fields import MAX_ERROR_CHARS

MIN_CUT_CHARS: Final = 6
MAX_DECODED_BYTES: Final = 64 << 20
MAX_ERROR_BYTES: Final = 8 << 10
"""A longer error is not searched for keys by their looks: that would hold up the loop."""
MARK_BYTES: Final = 4


class Scrubber:
    """Chunks in, chunks out; the end of one is held back while it may begin a credential."""

    __slots__ = ("_held", "_longest", "_secrets", "found")

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets
        self._longest = max(map(len, secrets))
        self._held = b""
        self.found = False

    def feed(self, chunk: bytes) -> bytes:
        """What can be given on; it may be empty."""
        data = self._held + chunk if self._held else chunk
        for secret in self._secrets:
            if secret in data:
                self.found = True
                data = data.replace(secret, b"*" * len(secret))
        held = self._may_begin(data)
        if not held:
            self._held = b""
            return data
        self._held = data[-held:]
        return data[:-held]

    def flush(self) -> bytes:
        """What was held back: the body ended before it became a credential."""
        held, self._held = self._held, b""
        return held

    def _may_begin(self, data: bytes) -> int:
        """How many bytes at the end are the beginning of a credential."""
        tail = data[1 - self._longest :] if self._longest > 1 else b""
        most = 0
        for secret in self._secrets:
            mark = secret[:MARK_BYTES]
            at = tail.find(mark)
            while at >= 0:
                if secret.startswith(tail[at:]):
                    break
                at = tail.find(mark, at + 1)
            else:
                # or an end that is shorter than the mark
                shorter = range(max(0, len(tail) - MARK_BYTES + 1), len(tail))
                at = next((each for each in shorter if mark.startswith(tail[each:])), len(tail))
            most = max(most, len(tail) - at)
        return most


def scrub(data: bytes, secrets: Sequence[bytes]) -> bytes:
    """The same on a whole body."""
    for secret in secrets:
        if secret in data:
            data = data.replace(secret, b"*" * len(secret))
    return data


def cleaned(part: BodyPart, secrets: Sequence[bytes], *, is_error: bool) -> BodyPart:
    """A kept body without credentials: decoded, where it cannot be cleaned as it came.

    A provider's error may hold keys that are not the call's own: it is cleaned by their looks too.
    """
    data, coded = part.data, bool(coding_names(part.content_encoding))
    if coded:
        decoder = Decoder(part.content_encoding, MAX_DECODED_BYTES)
        data = b"".join(decoder.feed(data))
        decoder.finish()
        if decoder.failure not in (None, "truncated"):
            return part
    clean = scrub(data, secrets)
    if is_error and len(clean) <= MAX_ERROR_BYTES:
        text = redact_text(clean.decode("utf-8", "surrogateescape"))
        clean = text.encode("utf-8", "surrogateescape")
    return part if clean == data else BodyPart(part.content_type, "", clean)


def scrub_text(text: str | None, secrets: Sequence[bytes]) -> str | None:
    """What a record may say of an error: a text that may be cut within a credential."""
    if text is None:
        return None
    for secret in secrets:
        known = secret.decode("utf-8", "replace")
        text = text.replace(known, MASK)
        text = _without_beginning(text, known)
    return redact_text(text)[:MAX_ERROR_CHARS]


def _without_beginning(text: str, secret: str) -> str:
    """The text without the beginning of a secret that it ends with, before an ellipsis or not."""
    bare = text.rstrip("….")
    for length in range(min(len(secret), len(bare)), MIN_CUT_CHARS - 1, -1):
        if bare.endswith(secret[:length]):
            return bare[:-length] + MASK
    return text

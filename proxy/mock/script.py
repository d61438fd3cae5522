"""How a call to the mock shall be answered, as the caller asks for it in request headers.

x-mock-chunks        words of the answer, one event each when streaming (default 12)
x-mock-delay-ms      wait before each event, and before an answer that is not streamed
x-mock-status        answer with this error status, such as 429, 500 or 529
x-mock-error-after   an error event after so many text events, in a stream of status 200
x-mock-cut-after     break the connection after so many text events
x-mock-encoding      gzip, deflate, br or zstd
"""

from collections.abc import Mapping
from dataclasses import dataclass

from proxy.mock.encoding import ENCODINGS

DEFAULT_CHUNKS = 12
MAX_CHUNKS = 100_000
MAX_DELAY_MS = 600_000


class ScriptError(ValueError):
    """A header that asks for what the mock cannot do; its text says what it can."""


@dataclass(frozen=True, slots=True)
class Script:
    """What to play; None means "does not happen"."""

    chunks: int = DEFAULT_CHUNKS
    delay_ms: int = 0
    status: int | None = None
    error_after: int | None = None
    cut_after: int | None = None
    encoding: str | None = None


def read_script(headers: Mapping[str, str]) -> Script:
    """The script in a request's headers. Raises: ScriptError."""
    encoding = headers.get("x-mock-encoding")
    if encoding is not None and encoding not in ENCODINGS:
        raise ScriptError(f"x-mock-encoding must be one of {', '.join(sorted(ENCODINGS))}")
    chunks = _number(headers, "x-mock-chunks", 0, MAX_CHUNKS)
    return Script(
        chunks=DEFAULT_CHUNKS if chunks is None else chunks,
        delay_ms=_number(headers, "x-mock-delay-ms", 0, MAX_DELAY_MS) or 0,
        status=_number(headers, "x-mock-status", 400, 599),
        error_after=_number(headers, "x-mock-error-after", 0, MAX_CHUNKS),
        cut_after=_number(headers, "x-mock-cut-after", 0, MAX_CHUNKS),
        encoding=encoding,
    )


def _number(headers: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    value = headers.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
        raise ScriptError(f"{name} must be a whole number from {least} to {most}")
    return int(value)

"""Where a JSON string ends (RFC 8259, section 7), in bytes that come in any cut."""

import re
from typing import Final

QUOTE: Final = 0x22
_REST: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


def string_end(chunk: bytes, position: int) -> int:
    """Where the text of a string that is open at `position` ends.

    That is at the quote that closes it, at a backslash that is the chunk's last byte and escapes
    what the next one begins with, or at the chunk's end. The work is done in C whatever the text.
    """
    quote = chunk.find(b'"', position)
    until = quote if quote >= 0 else len(chunk)
    slash = chunk.find(b"\\", position, until)
    if slash < 0:
        return until
    match = _REST.match(chunk, slash)
    return match.end() if match is not None else slash

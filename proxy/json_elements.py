"""The objects in a JSON array, out of bytes that come in any cut; a single object counts as one.

Nothing but strings and braces is looked at: whether an object is valid, its reader will find.
"""

import re
from typing import Final

from proxy.json_string import QUOTE, string_end

_BRACE_OR_QUOTE: Final = re.compile(rb'[{}"]')


class JsonElements:
    """Bytes in, whole objects out. Never raises; `skipped_total` counts objects over the limit."""

    __slots__ = (
        "_depth",
        "_escaped",
        "_held",
        "_held_bytes",
        "_in_string",
        "_max_element_bytes",
        "skipped_total",
    )

    def __init__(self, max_element_bytes: int) -> None:
        self._max_element_bytes = max_element_bytes
        self._depth = 0
        self._escaped = False
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._in_string = False
        self.skipped_total = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The objects that this chunk completes."""
        elements: list[bytes] = []
        start = position = 0
        while (found := self._next(chunk, position)) is not None:
            position = found + 1
            if chunk[found] == 0x7B:
                if self._depth == 0:
                    start = found
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if self._depth == 0:
                    self._complete(chunk[start:position], elements)
                    start = position
        if self._depth:
            self._hold(chunk[start:])
        return elements

    def _next(self, chunk: bytes, position: int) -> int | None:
        """Where the next brace outside of strings is."""
        while True:
            if self._in_string:
                if (end := self._string_end(chunk, position)) is None:
                    return None
                position = end
            match = _BRACE_OR_QUOTE.search(chunk, position)
            if match is None:
                return None
            if match[0] != b'"':
                return match.start()
            self._in_string = True
            position = match.end()

    def _string_end(self, chunk: bytes, position: int) -> int | None:
        """Where the string that is open ends, None if not in this chunk."""
        if position >= len(chunk):
            return None
        end = string_end(chunk, position + 1 if self._escaped else position)
        self._escaped = False
        if end < len(chunk) and chunk[end] == QUOTE:
            self._in_string = False
            return end + 1
        self._escaped = end < len(chunk)
        return None

    def _hold(self, part: bytes) -> None:
        self._held_bytes += len(part)
        if self._held_bytes > self._max_element_bytes:
            self._held.clear()
        else:
            self._held.append(part)

    def _complete(self, rest: bytes, elements: list[bytes]) -> None:
        if self._held_bytes + len(rest) > self._max_element_bytes:
            self.skipped_total += 1
        else:
            elements.append(b"".join([*self._held, rest]) if self._held else rest)
        self._held.clear()
        self._held_bytes = 0

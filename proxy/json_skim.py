"""A JSON object too large to be parsed at once, read piece by piece as it comes.

A parser in C holds the interpreter for as long as it works, in whatever thread: 10 MB are tens of
milliseconds in which nothing is relayed. So a large object is reduced while it passes: its
structure stays, long strings become empty ones, and an object or array that is still too large is
cut: in place of all that was in it stands a member without a name. What is too large is a matter of
how much room there is around it, so that the innermost are cut first and what stands beside them is
left. What is left is small, and is parsed whole. Images in base64 cost little.
"""

import re
from typing import Any, Final

from proxy.dialects.fields import load
from proxy.json_string import QUOTE, string_end

EVENT_BYTES: Final = 40 << 10
"""So much is kept at most: an event that is reduced has to pass for a small one."""
MAX_STRING_BYTES: Final = 4096
ELEMENT_BYTES: Final = 512
"""An element of an array has as much room as that, if its array has."""
FEW: Final = 8
"""Of an array so many elements are looked at one by one, what follows is taken as a whole."""
LOOKED_AT_BYTES: Final = 512
BLOCK_BYTES: Final = 4096
LEAST_BLOCK_BYTES: Final = 64
CUT_OBJECT: Final = b'"":null'
CUT_ARRAY: Final = b"{%b}" % CUT_OBJECT
_STRING: Final = rb'"[^"\\]{0,512}+(?:\\.[^"\\]{0,512}+){0,6}+"'
_FLAT: Final = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+", re.DOTALL)
_ANY_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
_STRINGS: Final = re.compile(_ANY_STRING, re.DOTALL)
_WHOLE: Final = re.compile(rb'(?:[^"]++|' + _ANY_STRING + rb")*+", re.DOTALL)
_NO_MARKS: Final = bytes(set(range(256)) - set(b'{}[]"'))


class _Value:
    """An object or array that is being read: where it began, and how much may be kept at its end.

    `ended` counts the objects and arrays in it that have been read.
    """

    __slots__ = ("at", "before_bytes", "ended", "is_array", "until_bytes")

    def __init__(self, at: int, before_bytes: int, until_bytes: int, is_array: bool) -> None:
        self.at = at
        self.before_bytes = before_bytes
        self.until_bytes = until_bytes
        self.is_array = is_array
        self.ended = 0


class JsonSkim:
    """Bytes in, at the end a small document. Never raises; gives up on what is no object.

    `long_text_bytes` is the length of what was left out and looks like text: a long string without
    a space in its beginning is taken for a file.
    """

    __slots__ = (
        "_block_bytes",
        "_depth",
        "_drops",
        "_escaped",
        "_gave_up",
        "_held",
        "_in_string",
        "_kept_bytes",
        "_max_bytes",
        "_out",
        "_string_bytes",
        "_takes_blocks",
        "_until_bytes",
        "_values",
        "long_text_bytes",
    )

    def __init__(self, max_bytes: int = EVENT_BYTES) -> None:
        self._block_bytes = BLOCK_BYTES
        self._depth = 0
        self._drops = False
        self._escaped = False
        self._gave_up = False
        self._held = b""
        self._in_string = False
        self._kept_bytes = 0
        self._max_bytes = max_bytes
        self._out: list[bytes] = []
        self._string_bytes = 0
        self._takes_blocks = False
        self._until_bytes = max_bytes
        # The outermost object and what is open in it, but for what is taken in by blocks.
        self._values: list[_Value] = []
        self.long_text_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Some more of the object."""
        position = 0
        while position < len(chunk) and not self._gave_up:
            if self._in_string:
                position = self._skip_string(chunk, position)
                continue
            if self._takes_blocks and (end := self._take_block(chunk, position)) > position:
                position = end
                continue
            match = _FLAT.match(chunk, position)
            if match is not None and match.end() > position:
                self._keep(match[0])
                position = match.end()
            if position < len(chunk):
                self._take_mark(chunk[position : position + 1])
                position += 1

    def reduced(self) -> bytes | None:
        """What is left of the object, as JSON; None where there is none, or it is not complete."""
        if self._depth or self._in_string or self._gave_up:
            return None
        return b"".join(self._out) or None

    def document(self) -> Any:
        """What is left of the object; None where it is no JSON, or is not complete."""
        left = self.reduced()
        return None if left is None else load(left)

    def _take_mark(self, mark: bytes) -> None:
        if mark == b'"':
            self._in_string = True
            self._held = b""
            self._string_bytes = 0
            self._escaped = False
        elif mark in b"{[":
            self._open(mark)
        else:
            self._close(mark)

    def _open(self, mark: bytes) -> None:
        self._depth += 1
        if not self._takes_blocks:
            self._gave_up = self._gave_up or (not self._values and mark == b"[")
            self._until_bytes = self._kept_bytes + self._room_bytes()
            self._values.append(
                _Value(len(self._out), self._kept_bytes, self._until_bytes, mark == b"[")
            )
        self._keep(mark)

    def _room_bytes(self) -> int:
        """How much may be kept of what comes next: never all that there is room for around it."""
        left_bytes = self._until_bytes - self._kept_bytes
        if not self._values:
            return left_bytes
        if not self._values[-1].is_array:
            return left_bytes * 3 // 4
        return min(left_bytes, max(left_bytes // FEW, ELEMENT_BYTES))

    def _close(self, mark: bytes) -> None:
        self._depth -= 1
        if self._depth < 0:
            self._gave_up = True
        elif self._depth < len(self._values):
            self._values.pop()
            self._go_on()
        self._keep(mark)

    def _go_on(self) -> None:
        """Read on in the value around the one that has ended."""
        self._drops = self._takes_blocks = False
        if not self._values:
            self._until_bytes = self._max_bytes
            return
        around = self._values[-1]
        self._until_bytes = around.until_bytes
        around.ended += 1
        if around.is_array and around.ended == FEW:
            self._begin_blocks()

    def _begin_blocks(self) -> None:
        self._takes_blocks = True
        self._block_bytes = BLOCK_BYTES

    def _keep(self, part: bytes) -> None:
        """Keep it, unless what it is in has become too large."""
        if self._drops:
            self.long_text_bytes += len(part)
            return
        self._out.append(part)
        self._kept_bytes += len(part)
        if self._kept_bytes > self._until_bytes:
            self._cut()

    def _cut(self) -> None:
        """Leave out what is in the innermost value, and what is yet to come of it."""
        if len(self._values) < 2:
            self._gave_up = True
            return
        value = self._values[-1]
        stands = CUT_ARRAY if value.is_array else CUT_OBJECT
        self.long_text_bytes += self._kept_bytes - value.before_bytes
        self._out[value.at + 1 :] = [stands]
        self._kept_bytes = value.before_bytes + 1 + len(stands)
        self._drops = True
        self._begin_blocks()

    def _take_block(self, chunk: bytes, position: int) -> int:
        """Where the next few bytes end, if the value that is read does not end in them."""
        if self._block_bytes < LEAST_BLOCK_BYTES:
            return position
        end, brackets = _brackets(chunk, position, position + self._block_bytes)
        size = -1
        while size != len(brackets):
            size = len(brackets)
            brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
        closing = brackets.count(b"}") + brackets.count(b"]")
        if closing > self._depth - len(self._values):
            # It ends in here: with fewer bytes at a time it is come close to in a few steps.
            self._block_bytes //= 4
            return position
        self._depth += size - 2 * closing
        if self._drops:
            self.long_text_bytes += end - position
        elif end > position:
            self._keep(chunk[position:end])
        return end

    def _skip_string(self, chunk: bytes, position: int) -> int:
        """Pass over the open string; where reading goes on."""
        end = string_end(chunk, position + 1 if self._escaped else position)
        self._escaped = False
        if end < len(chunk) and chunk[end] == QUOTE:
            self._add_string(chunk[position:end])
            self._end_string()
            return end + 1
        self._escaped = end < len(chunk)
        self._add_string(chunk[position:])
        return len(chunk)

    def _add_string(self, part: bytes) -> None:
        if self._string_bytes <= MAX_STRING_BYTES:
            self._held += part[: MAX_STRING_BYTES + 1]
        self._string_bytes += len(part)

    def _end_string(self) -> None:
        self._in_string = False
        is_short = self._string_bytes <= MAX_STRING_BYTES
        if is_short and (self._drops or self._string_bytes + 2 <= self._room_bytes()):
            self._keep(b'"%b"' % self._held)
            return
        self._keep(b'""')
        if is_short or b" " in self._held[:LOOKED_AT_BYTES]:
            self.long_text_bytes += self._string_bytes


def _brackets(chunk: bytes, start: int, end: int) -> tuple[int, bytes]:
    """How far `chunk[start:end]` reaches without a string that is cut, and the brackets."""
    block = chunk[start:end]
    if b"\\" not in block:
        left = block.translate(None, _NO_MARKS).replace(b'""', b"")
        quote = left.find(b'"')
        if quote < 0:
            return start + len(block), left
        if quote == len(left) - 1:
            return start + block.rindex(b'"'), left[:-1]
    match = _WHOLE.match(chunk, start, end)
    whole = chunk[start : match.end()] if match is not None else b""
    return start + len(whole), _STRINGS.sub(b"", whole).translate(None, _NO_MARKS)

"""A JSON object too large to be parsed at once, read piece by piece as it comes.

A parser in C holds the interpreter for as long as it works, in whatever thread: 10 MB are tens of
milliseconds in which nothing is relayed. So a large object is reduced while it passes: its
structure stays, long strings become empty ones, and a member that is still too large becomes null:
one of the outermost object, or of an object that is such a member's value. What is left is small,
and is parsed whole. Images in base64 cost little.
"""

import re
from typing import Any, Final

from proxy.dialects.fields import load
from proxy.json_string import QUOTE, string_end

MAX_STRING_BYTES: Final = 4096
MAX_MEMBER_BYTES: Final = 16 << 10
MAX_OBJECT_BYTES: Final = 64 << 10
"""Of a member that is an object: its own members are left out first."""
MAX_KEPT_BYTES: Final = 128 << 10
LOOKED_AT_BYTES: Final = 512
BLOCK_BYTES: Final = 4096
LEAST_BLOCK_BYTES: Final = 64
DROPPED: Final = b'"":null'
_STRING: Final = rb'"[^"\\]{0,512}+(?:\\.[^"\\]{0,512}+){0,6}+"'
_DEEP: Final = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+", re.DOTALL)
_ANY_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
_STRINGS: Final = re.compile(_ANY_STRING, re.DOTALL)
_WHOLE: Final = re.compile(rb'(?:[^"]++|' + _ANY_STRING + rb")*+", re.DOTALL)
_NO_MARKS: Final = bytes(set(range(256)) - set(b'{}[]"'))
_TOP: Final = re.compile(rb'(?:[^"{}\[\],]++|' + _STRING + rb")*+", re.DOTALL)


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
        "_inner_object",
        "_kept_bytes",
        "_level",
        "_member_at",
        "_member_bytes",
        "_out",
        "_string_bytes",
        "long_text_bytes",
    )

    def __init__(self) -> None:
        self._block_bytes = BLOCK_BYTES
        self._depth = 0
        self._drops = False
        self._escaped = False
        self._gave_up = False
        self._held = b""
        self._in_string = False
        self._inner_object = False
        self._kept_bytes = 0
        self._level = 1
        # Of the member at depth 1, and of the one at depth 2 within it.
        self._member_at = [0, 0]
        self._member_bytes = [0, 0]
        self._out: list[bytes] = []
        self._string_bytes = 0
        self.long_text_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Some more of the object."""
        position = 0
        while position < len(chunk) and not self._gave_up:
            if self._in_string:
                position = self._skip_string(chunk, position)
                continue
            if (end := self._take_block(chunk, position)) > position:
                position = end
                continue
            match = (_TOP if self._in_members else _DEEP).match(chunk, position)
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
            return
        if mark in b"{[":
            self._open(mark)
            return
        if mark in b"}]":
            self._close(mark)
            return
        at_comma = self._in_members and not (self._drops and self._depth > self._level)
        if at_comma:
            self._drops = False
            self._member_bytes[self._depth - 1] = 0
        self._keep(mark)
        if at_comma:
            self._begin_member()

    @property
    def _in_members(self) -> bool:
        """Whether the next comma ends a member that can be left out."""
        return self._depth == 1 or (self._depth == 2 and self._inner_object)

    def _open(self, mark: bytes) -> None:
        self._depth += 1
        self._keep(mark)
        if self._depth == 1:
            self._gave_up = mark == b"["
        elif self._depth == 2:
            self._inner_object = mark == b"{"
        if self._depth <= 2:
            self._begin_member()

    def _begin_member(self) -> None:
        self._member_at[self._depth - 1] = len(self._out)
        self._member_bytes[self._depth - 1] = 0
        if not self._drops:
            self._block_bytes = BLOCK_BYTES

    def _close(self, mark: bytes) -> None:
        self._depth -= 1
        if self._depth < self._level:
            self._drops = False
        if self._depth == 0:
            self._member_bytes = [0, 0]
        self._keep(mark)

    def _keep(self, part: bytes) -> None:
        """Keep it, unless its member has become too large."""
        if self._drops:
            self.long_text_bytes += len(part)
            return
        self._out.append(part)
        self._kept_bytes += len(part)
        self._gave_up = self._gave_up or self._kept_bytes > MAX_KEPT_BYTES
        in_object = self._depth >= 2 and self._inner_object
        self._member_bytes[0] += len(part)
        if in_object:
            self._member_bytes[1] += len(part)
            if self._member_bytes[1] > MAX_MEMBER_BYTES:
                self._drop(2)
        if self._member_bytes[0] > (MAX_OBJECT_BYTES if in_object else MAX_MEMBER_BYTES):
            self._drop(1)

    def _drop(self, level: int) -> None:
        """Leave out the member of this depth that is being read."""
        dropped_bytes = self._member_bytes[level - 1]
        del self._out[self._member_at[level - 1] :]
        self._out.append(DROPPED)
        for each in range(level):
            self._member_bytes[each] += len(DROPPED) - dropped_bytes
        self._kept_bytes += len(DROPPED) - dropped_bytes
        self.long_text_bytes += dropped_bytes
        self._drops, self._level = True, level
        self._block_bytes = BLOCK_BYTES

    def _take_block(self, chunk: bytes, position: int) -> int:
        """Where the next few bytes end, if the member that is read does not end in them."""
        level = self._level if self._drops else 1 + self._inner_object
        if self._depth <= level or self._block_bytes < LEAST_BLOCK_BYTES:
            return position
        end, brackets = _brackets(chunk, position, position + self._block_bytes)
        size = -1
        while size != len(brackets):
            size = len(brackets)
            brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
        closing = brackets.count(b"}") + brackets.count(b"]")
        if closing >= self._depth - level:
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
        if self._string_bytes <= MAX_STRING_BYTES:
            self._keep(b'"%b"' % self._held)
            return
        self._keep(b'""')
        if b" " in self._held[:LOOKED_AT_BYTES]:
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

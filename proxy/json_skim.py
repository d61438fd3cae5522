"""A JSON object too large to be parsed at once, read piece by piece as it comes.

A parser in C holds the interpreter for as long as it works, in whatever thread: 10 MB are tens of
milliseconds in which nothing is relayed. So a large object is reduced while it passes: its
structure stays, long strings become empty ones, and a member of the outermost object that is still
too large becomes null. What is left is small, and is parsed whole. Images in base64 cost little.
"""

import re
from typing import Any

from proxy.dialects.fields import load
from proxy.json_string import QUOTE, string_end

MAX_STRING_BYTES = 4096
MAX_MEMBER_BYTES = 16 << 10
MAX_KEPT_BYTES = 128 << 10
LOOKED_AT_BYTES = 512
BLOCK_BYTES = 4096
DROPPED = b'"":null'
_STRING = rb'"[^"\\]{0,512}+(?:\\.[^"\\]{0,512}+){0,6}+"'
_DEEP = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+", re.DOTALL)
_ANY_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_STRINGS = re.compile(_ANY_STRING, re.DOTALL)
_WHOLE = re.compile(rb'(?:[^"]++|' + _ANY_STRING + rb")*+", re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_TOP = re.compile(rb'(?:[^"{}\[\],]++|' + _STRING + rb")*+", re.DOTALL)


class JsonSkim:
    """Bytes in, at the end a small document. Never raises; gives up on what is no object.

    `long_text_bytes` is the length of what was left out and looks like text: a long string without
    a space in its beginning is taken for a file.
    """

    __slots__ = (
        "_depth",
        "_drops",
        "_escaped",
        "_gave_up",
        "_held",
        "_in_string",
        "_kept_bytes",
        "_member_at",
        "_member_bytes",
        "_out",
        "_string_bytes",
        "long_text_bytes",
    )

    def __init__(self) -> None:
        self._depth = 0
        self._drops = False
        self._escaped = False
        self._gave_up = False
        self._held = b""
        self._in_string = False
        self._kept_bytes = 0
        self._member_at = 0
        self._member_bytes = 0
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
            if self._drops and (end := self._skip_block(chunk, position)) > position:
                position = end
                continue
            match = (_DEEP if self._depth > 1 else _TOP).match(chunk, position)
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
            self._depth += 1
            self._keep(mark)
            if self._depth == 1:
                self._begin_member()
                self._gave_up = mark == b"["
            return
        if mark in b"}]":
            self._depth -= 1
        at_top = self._depth == 1 and mark == b","
        if at_top or self._depth == 0:
            self._drops = False
            self._member_bytes = 0
        self._keep(mark)
        if at_top:
            self._begin_member()

    def _begin_member(self) -> None:
        self._member_at = len(self._out)
        self._member_bytes = 0

    def _keep(self, part: bytes) -> None:
        """Keep it, unless its member has become too large."""
        if self._drops:
            self.long_text_bytes += len(part)
            return
        self._out.append(part)
        self._kept_bytes += len(part)
        self._member_bytes += len(part)
        self._gave_up = self._gave_up or self._kept_bytes > MAX_KEPT_BYTES
        if self._member_bytes > MAX_MEMBER_BYTES and self._depth:
            del self._out[self._member_at :]
            self._out.append(DROPPED)
            self._kept_bytes += len(DROPPED) - self._member_bytes
            self.long_text_bytes += self._member_bytes
            self._drops = True

    def _skip_block(self, chunk: bytes, position: int) -> int:
        """Where the next few bytes end, if the member that is left out does not end in them."""
        match = _WHOLE.match(chunk, position, position + BLOCK_BYTES)
        end = match.end() if match is not None else position
        brackets = _STRINGS.sub(b"", chunk[position:end]).translate(None, _NO_BRACKETS)
        size = -1
        while size != len(brackets):
            size = len(brackets)
            brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
        closing = brackets.count(b"}") + brackets.count(b"]")
        if closing >= self._depth - 1:
            return position
        self._depth += size - 2 * closing
        self.long_text_bytes += end - position
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

"""What all events have in common that differ in their text alone: all around that text.

OpenAI's events differ in two more fields, which no dialect reads: padding against those who measure
lengths on the wire, and a number that counts them.
"""

import re
from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Any, Final, NamedTuple, Self

from proxy.dialects.base import TextState
from proxy.dialects.estimate import utf8_bytes
from proxy.dialects.fields import load

VARYING: Final = ("obfuscation", "sequence_number")
TEXT: Final = ""
# No value of one name is one of another, so that none is taken for another.
_OTHERS: Final[dict[str, tuple[str | int, ...]]] = {
    TEXT: ("?", "!"),
    "obfuscation": ("(", ")"),
    "sequence_number": (7, 8),
}
# As many digits as are an integer for every reader of JSON.
_NUMBERS: Final = re.compile(rb"(?:[1-9][0-9]{0,14} )+")


class _Hole(NamedTuple):
    """Where a value stands in an event, without its quotes; another one to be put there."""

    start: int
    end: int
    name: str
    other: str | int


class Likeness:
    """The bytes before, between and after the values that differ, one of them the text."""

    __slots__ = ("_after", "_before", "_inner", "_joint", "_least_bytes", "_numeric", "_text_at")

    def __init__(self, pieces: Sequence[bytes], text_at: int, numeric: Sequence[bool]) -> None:
        """Between two `pieces` is the inside of a string, or a number where it is `numeric`."""
        self._before, *self._inner, self._after = pieces
        self._joint = self._after + self._before
        self._least_bytes = len(self._joint)
        self._numeric = numeric
        self._text_at = text_at

    @classmethod
    def of(cls, state: TextState, head: bytes, data: bytes) -> Self | None:
        """That of an event whose chunk is the head, this data and two line ends; None if none."""
        holes = sorted(_holes(data, _values_of(state, data)))
        edges = [0, *(edge for hole in holes for edge in hole[:2]), len(data)]
        if not holes or any(end < start for start, end in pairwise(edges)):
            return None
        pieces = [data[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
        # The same value may stand elsewhere in the event: others are read in their places.
        others = {hole.name: hole.other for hole in holes}
        filled = [
            piece + str(hole.other).encode() for piece, hole in zip(pieces, holes, strict=False)
        ]
        if _values_of(state, b"".join(filled) + pieces[-1]) != others:
            return None
        pieces[0], pieces[-1] = head + pieces[0], pieces[-1] + b"\n\n"
        text_at = [hole.name for hole in holes].index(TEXT)
        return cls(pieces, text_at, [isinstance(hole.other, int) for hole in holes])

    def insides(self, chunks: Sequence[bytes], first: int, most_bytes: int) -> list[bytes]:
        """Of the chunks from the `first` that begin and end like this: what is in between."""
        before, after, found = self._before, self._after, []
        least, start, end = self._least_bytes, len(before), -len(after)
        for chunk in islice(chunks, first, None):
            if not (
                chunk.startswith(before)
                and chunk.endswith(after)
                and least < len(chunk) <= most_bytes
            ):
                break
            found.append(chunk[start:end])
        return found

    def text_bytes(self, insides: list[bytes]) -> int:
        """All their text, where each of them is one event and has some, else 0."""
        if not self._inner:
            return max(0, utf8_bytes(_joined(insides)) - len(insides) + 1)
        columns = list(zip(*map(self._values, insides), strict=False))
        if len(columns) != len(self._numeric) or not all(columns[self._text_at]):
            return 0
        text_bytes = 0
        for at, column in enumerate(columns):
            if self._numeric[at]:
                if not _NUMBERS.fullmatch(b" ".join(column) + b" "):
                    return 0
            elif not isinstance(joined := _joined(column), str):
                return 0
            elif at == self._text_at:
                text_bytes = utf8_bytes(joined) - len(column) + 1
        return text_bytes

    def apart(
        self, insides: Sequence[bytes], times_s: Sequence[float]
    ) -> tuple[list[bytes], list[float]]:
        """The insides of all events, and the times at which they came."""
        events: list[bytes] = []
        came_s: list[float] = []
        for inside, at_s in zip(insides, times_s, strict=True):
            parts = inside.split(self._joint)
            events += parts
            came_s += [at_s] * len(parts)
        return events, came_s

    def sizes(self, inside: bytes) -> list[int]:
        """The bytes of text of each event in there; 0 for what is none, or has none."""
        return [self.text_bytes([each]) for each in inside.split(self._joint)]

    def _values(self, inside: bytes) -> list[bytes]:
        values, start = [], 0
        for piece in self._inner:
            end = inside.find(piece, start)
            if end < 0:
                return []
            values.append(inside[start:end])
            start = end + len(piece)
        values.append(inside[start:])
        return values


def _joined(insides: Sequence[bytes]) -> Any:
    """The insides of strings with a space between them as one string, None if one is none.

    The space is no part of any escape or character (RFC 8259, section 7), so that each of them is
    right by itself if the whole is.
    """
    return load(b'"%b"' % b" ".join(insides))


def _values_of(state: TextState, data: bytes) -> dict[str, str | int]:
    """The values that may differ, by their names; empty where the event has more in it."""
    document = load(data)
    text = state.text_in(document) if isinstance(document, dict) else None
    if text is None:
        return {}
    found = {name: document[name] for name in VARYING if document.get(name)}
    return {TEXT: text} | found


def _holes(data: bytes, values: dict[str, Any]) -> list[_Hole]:
    """Where the values stand, empty where one is not found."""
    holes = []
    for name, value in values.items():
        if isinstance(value, str):
            raw, quote = b'"%b"' % value.encode("utf-8", "replace"), 1
        elif type(value) is int and value > 0:
            raw, quote = b"%d" % value, 0
        else:
            return []
        key = b'"%b"' % name.encode() if name else b""
        start = data.find(raw, max(0, data.find(key)) + len(key))
        if start < 0:
            return []
        other = next(each for each in _OTHERS[name] if each != value)
        holes.append(_Hole(start + quote, start + len(raw) - quote, name, other))
    return holes

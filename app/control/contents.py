"""A topic as its messages tell it, and what of ours it has not: sans-I/O.

A topic that was made anew is filled again by those who know what was in it. Whoever begins writes a
claim in front of the first entry and removes it behind the last one, so that a topic with a claim
is one where entries may be missing. The first claim counts: one process at a time puts back, and
what was changed behind its back is not overwritten.
"""

from collections.abc import Mapping

CLAIM = b"put_back/claim"


class Contents:
    """What was read of a topic, from its first message on."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._entries: dict[bytes, bytes | None] = {}
        self.claim: bytes | None = None
        """Whose the first claim is that was not removed; None: the topic is whole."""

    def take(self, raw_key: bytes | None, raw_value: bytes | None) -> None:
        """Take in the next message."""
        if raw_key == CLAIM:
            self.claim = None if raw_value is None else self.claim or raw_value
        elif raw_key is not None:
            self._entries[raw_key] = raw_value

    @property
    def entries(self) -> dict[bytes, bytes]:
        """The entries there are."""
        return {key: value for key, value in self._entries.items() if value is not None}

    def missing(self, known: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """What is known and was neither put nor removed here."""
        return {
            key: value for key, value in known.items() if key not in self._entries and key != CLAIM
        }

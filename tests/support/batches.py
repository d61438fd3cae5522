"""A stand-in for aiokafka's `BatchBuilder`, which keeps what it is given."""

from typing import Any


class Builder:
    """Takes `room` messages."""

    def __init__(self, room: int = 1000) -> None:
        self._room = room
        self.messages: list[tuple[bytes | None, bytes | None]] = []
        self.is_closed = False

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None) -> Any:
        """None if it is full."""
        assert timestamp is None
        assert not self.is_closed
        if len(self.messages) == self._room:
            return None
        self.messages.append((key, value))
        return object()

    def close(self) -> None:
        """Take no more."""
        self.is_closed = True

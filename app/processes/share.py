"""What the parent opens and its children inherit: the port, a way to each child, a lifeline.

The lifeline is a pipe that the parent alone can write to and never does: its end is the parent's
end, however that came, and tells the children to drain.
"""

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from app.errors import StartError
from app.listening import listening

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Share:
    """One child's view: file descriptors that it inherits, and the ports of all children.

    `listener` is the port that all share, `own` the one at which this child alone answers.
    """

    number: int
    listener: int
    own: int
    lifeline: int
    ports: tuple[int, ...]

    def encode(self) -> str:
        """As one argument of a command."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Of that argument. Raises: StartError."""
        try:
            fields = json.loads(text)
            return cls(**{**fields, "ports": tuple(fields["ports"])})
        except (ValueError, TypeError, KeyError) as exc:
            raise StartError("--share is what a parent of several processes passes on") from exc

    def sockets(self) -> list[socket.socket]:
        """The two to serve on; call once."""
        return [socket.socket(fileno=self.listener), socket.socket(fileno=self.own)]


class Sockets:
    """The parent's: open until `close`."""

    def __init__(self, bind: str, port: int, count: int) -> None:
        """Listen on the port, and on one of loopback for each child. Raises: StartError."""
        self._listener = listening(bind, port)
        self._own = [listening(LOOPBACK, 0) for _ in range(count)]
        self._lifeline, self._held = os.pipe()
        self.port = _port_of(self._listener)
        """The shared one; with port 0 the one that was given."""
        self.ports = tuple(_port_of(each) for each in self._own)
        """Where each child alone answers."""

    def share(self, number: int) -> Share:
        """What a child gets."""
        own = self._own[number].fileno()
        return Share(number, self._listener.fileno(), own, self._lifeline, self.ports)

    @staticmethod
    def descriptors(share: Share) -> Sequence[int]:
        """What a child must inherit."""
        return (share.listener, share.own, share.lifeline)

    def refuse(self) -> None:
        """Keep no connection waiting: what the children do not accept any more is refused."""
        for each in (self._listener, *self._own):
            each.close()

    def close(self) -> None:
        """Let go of everything; children that still run begin to drain."""
        self.refuse()
        os.close(self._lifeline)
        os.close(self._held)


def _port_of(listening_socket: socket.socket) -> int:
    return int(listening_socket.getsockname()[1])

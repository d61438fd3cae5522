"""Ports for the children: the preferred one, or a free one where it is taken."""

import socket

LOOPBACK = "127.0.0.1"
LAST_PORT = 65_535


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether we could listen there now; a port in TIME_WAIT is free."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


class Ports:
    """Gives out each port once, so that services starting together do not collide."""

    def __init__(self) -> None:
        """None given yet."""
        self._given: set[int] = set()

    def pick(self, preferred: int) -> int:
        """The preferred port or the nearest free one above it, else any that is free."""
        for port in range(preferred, min(preferred + 100, LAST_PORT + 1)):
            if port not in self._given and is_free(port):
                break
        else:
            port = self._any()
        self._given.add(port)
        return port

    def _any(self) -> int:
        while True:
            with socket.socket() as probe:
                probe.bind((LOOPBACK, 0))
                port = int(probe.getsockname()[1])
            if port not in self._given:
                return port

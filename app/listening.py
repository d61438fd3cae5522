"""Sockets that listen, and how many clients may wait at one until they are let in."""

import socket

from app.errors import StartError

# As many as net.core.somaxconn allows (4096 since Linux 5.4). aiohttp's 128 are full at once when
# clients come in a burst: those that find no place are reset some seconds later.
BACKLOG = 4096


def listening(bind: str, port: int) -> socket.socket:
    """A socket that listens. Raises: StartError, with the address."""
    try:
        family, *_, address = socket.getaddrinfo(
            bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as exc:
        raise StartError(f"cannot listen on {bind}:{port}: {exc.strerror}") from exc

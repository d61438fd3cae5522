"""What is inherited survives being passed on as text, and is really there."""

import os
import socket

import pytest

from app.errors import StartError
from app.processes.share import Share, Sockets


def test_a_share_is_one_argument() -> None:
    share = Share(1, 3, 4, 5, (6000, 6001))
    assert Share.decode(share.encode()) == share


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ports": [1]}', '{"ports": 1}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(StartError, match="--share"):
        Share.decode(text)


def test_the_port_and_one_of_each_child() -> None:
    sockets = Sockets("127.0.0.1", 0, 2)
    first, second = sockets.share(0), sockets.share(1)
    assert first.listener == second.listener
    assert first.own != second.own
    assert len({sockets.port, *sockets.ports}) == 3
    with socket.create_connection(("127.0.0.1", sockets.port)):
        pass
    sockets.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", sockets.port))
    reader = os.dup(first.lifeline)
    sockets.close()
    assert os.read(reader, 1) == b""
    os.close(reader)

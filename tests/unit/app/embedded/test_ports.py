import socket

from app.embedded.ports import LOOPBACK, Ports, is_free


def listener() -> socket.socket:
    taken = socket.socket()
    taken.bind((LOOPBACK, 0))
    taken.listen()
    return taken


def test_the_preferred_port_where_it_is_free() -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
    assert is_free(port)
    assert Ports().pick(port) == port


def test_another_one_where_it_is_taken() -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        picked = Ports().pick(port)
        assert picked != port
        assert is_free(picked)


def test_no_port_is_given_twice() -> None:
    ports = Ports()
    picked = [ports.pick(41_000) for _ in range(20)]
    assert len(set(picked)) == 20


def test_the_end_of_the_range_is_no_obstacle() -> None:
    ports = Ports()
    picked = [ports.pick(65_535) for _ in range(3)]
    assert len(set(picked)) == 3
    assert all(0 < port < 65_536 for port in picked)

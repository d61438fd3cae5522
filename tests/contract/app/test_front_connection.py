"""The private names of aiohttp's server connection that calls in place rely on."""

import inspect

import pytest
from aiohttp import base_protocol, web, web_protocol
from aiohttp.base_protocol import BaseProtocol
from aiohttp.web_protocol import RequestHandler

USED = [
    "_buffer_paused",
    "_close",
    "_force_close",
    "_handler_waiter",
    "_keepalive",
    "_keepalive_handle",
    "_keepalive_timeout",
    "_loop",
    "_manager",
    "_messages",
    "_msg_queue_resume_size",
    "_next_keepalive_close_time",
    "_parser",
    "_reading_paused",
    "_request_in_progress",
    "_task_handler",
    "_upgraded",
    "_waiter",
]


@pytest.mark.parametrize("name", USED)
def test_it_has_the_slot(name: str) -> None:
    assert name in {*RequestHandler.__slots__, *BaseProtocol.__slots__}


def test_its_task_waits_where_it_is_expected_to() -> None:
    """What hides the waiter hides every request from the task, and nothing else does."""
    start = inspect.getsource(RequestHandler.start)
    assert start.count("self._waiter = loop.create_future()") == 1
    assert start.count("self._messages.popleft()") == 1
    received = inspect.getsource(RequestHandler.data_received)
    assert received.count("self._waiter") == 1
    assert received.count("self._messages.append") == 1


def test_what_is_not_read_on_is_known_by_two_flags() -> None:
    """Without either, there is nothing to resume, and nothing left in the parser."""
    source = inspect.getsource(base_protocol) + inspect.getsource(web_protocol)
    assert source.count("self._pause_transport_reading()") == 2
    assert "self._reading_paused = True" in inspect.getsource(BaseProtocol.pause_reading)
    held = inspect.getsource(BaseProtocol._pause_reading_for_buffer)
    assert "self._buffer_paused = True" in held


def test_what_a_stop_waits_for_is_told_by_these() -> None:
    shutdown = inspect.getsource(RequestHandler.shutdown)
    assert "if self._request_in_progress:" in shutdown
    assert "self._handler_waiter = self._loop.create_future()" in shutdown


def test_an_idle_connection_is_known_by_its_waiter() -> None:
    source = inspect.getsource(RequestHandler._process_keepalive)
    assert "if self._waiter and not self._waiter.done():" in source


def test_a_server_makes_its_connections_of_these() -> None:
    server = web.Server.__new__(web.Server)
    assert {"_loop", "_kwargs"} <= set(
        inspect.getsource(web.Server.__init__).replace(".", " ").split()
    )
    assert callable(server.__call__)

import socket
from contextlib import ExitStack
from pathlib import Path

import aiohttp
from aiohttp import web

from app.engine.host import HostApp
from app.engine.web import HostWeb, WebOptions
from tests.support.processes import free_port


async def test_it_knows_where_it_listens(tmp_path: Path) -> None:
    port = free_port()
    seen: list[web.Application] = []
    host = HostApp(
        routes=seen.append, web_options=WebOptions(port=port), data_dir=tmp_path / "unused"
    )
    await host.start()
    try:
        assert host.addresses == [("127.0.0.1", port)]
        assert seen == [host.host_web.web_app]
        assert isinstance(host.web, HostWeb)
    finally:
        await host.stop()
    assert not (tmp_path / "unused").exists()


async def test_a_burst_of_clients_is_let_in_while_the_loop_is_busy(tmp_path: Path) -> None:
    port = free_port()
    host = HostApp(routes=lambda _: None, web_options=WebOptions(port=port), data_dir=tmp_path)
    await host.start()
    try:
        with ExitStack() as clients:
            # Blocking, so that none is accepted meanwhile: the backlog has to hold all of them.
            for _ in range(500):
                clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=0.5))
            async with aiohttp.ClientSession() as session:
                answer = await session.get(f"http://127.0.0.1:{port}/")
            assert answer.status == 404
    finally:
        await host.stop()

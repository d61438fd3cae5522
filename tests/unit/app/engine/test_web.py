from pathlib import Path

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

from pathlib import Path

from aiohttp import web

from app.engine.host import Drain, HostApp
from app.engine.web import WebOptions


def routes(application: web.Application) -> None: ...


async def test_without_the_web_the_parts_remain(tmp_path: Path) -> None:
    host = HostApp(routes=routes, web_options=WebOptions(), data_dir=tmp_path)
    host.finalize()
    host.conf.web_enabled = False
    assert [type(service) for service in host.boot_strategy.server()] == [Drain]


async def test_drain_hooks_run_once() -> None:
    calls: list[str] = []

    async def hook() -> None:
        calls.append("drained")

    drain = Drain([hook])
    await drain.on_stop()
    await drain.on_stop()
    assert calls == ["drained"]

from pathlib import Path

import pytest
from aiohttp import web

from app.engine.host import Drain, HostApp
from app.engine.web import WebOptions
from app.errors import StartError


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


@pytest.mark.parametrize(("name", "value"), [("web_bind", "0.0.0.0"), ("web_port", 6067)])
async def test_it_listens_nowhere_but_where_the_settings_say(
    tmp_path: Path, name: str, value: object
) -> None:
    """What was checked and told to others of bind and port would not be so."""
    host = HostApp(routes=routes, web_options=WebOptions(), data_dir=tmp_path)
    setattr(host.conf, name, value)
    with pytest.raises(StartError, match=f"{value}.* the settings say 127.0.0.1:6066"):
        await host.start()
    await host.stop()


def test_variables_of_faust_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WEB_BIND": "0.0.0.0", "WEB_PORT": "7", "APP_ENV_PREFIX": ""}.items():
        monkeypatch.setenv(name, value)
    conf = HostApp(routes=routes, web_options=WebOptions(), data_dir=tmp_path).conf
    assert (conf.web_bind, conf.web_port) == ("127.0.0.1", 6066)

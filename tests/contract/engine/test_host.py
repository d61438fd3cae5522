"""The host: serves without Kafka, keeps out Faust's pages, stops in an order that loses none."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import faust
import pytest
from aiohttp import web
from faust.transport.base import Producer

from app.engine.host import HostApp, HostWorker, Part
from app.engine.web import WebOptions
from tests.support.kafkaless import stock_app
from tests.support.processes import free_port


def routes(application: web.Application) -> None:
    async def anything(request: web.Request) -> web.Response:
        return web.Response(text=f"ours: {request.path}")

    application.router.add_route("*", "/{path:.*}", anything)


@asynccontextmanager
async def running(
    data_dir: Path, add_routes: Callable[[web.Application], None] = routes, **kwargs: Any
) -> AsyncIterator[HostApp]:
    options = WebOptions(port=free_port(), shutdown_grace_s=kwargs.pop("grace_s", 5.0))
    host = HostApp(routes=add_routes, web_options=options, data_dir=data_dir, **kwargs)
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


def url(host: HostApp, path: str) -> str:
    address, port = host.addresses[0]
    return f"http://{address}:{port}{path}"


class Recorder:
    """A part that writes down when it starts and stops."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.log = log

    async def start(self) -> None:
        self.log.append(f"{self.name} starts")

    async def stop(self) -> None:
        self.log.append(f"{self.name} stops")


async def test_stock_does_not_start_without_kafka(tmp_path: Path) -> None:
    async with stock_app(tmp_path, web_port=free_port()) as app:
        with pytest.raises(Exception, match=r"(?i)bootstrap"):
            await app.producer.start()
        await app.producer.stop()


@pytest.mark.parametrize("path", ["/", "/table/", "/router/", "/v1/chat", "/api/v1/users", "/x/y"])
async def test_the_host_serves_every_path_without_kafka(tmp_path: Path, path: str) -> None:
    async with (
        running(tmp_path) as host,
        aiohttp.ClientSession() as client,
        client.post(url(host, path)) as response,
    ):
        assert response.status == 200
        assert await response.text() == f"ours: {path}"


async def test_stock_serves_its_own_pages(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as app:
        app.web.init_server()
        paths = {resource.canonical for resource in app.web.web_app.router.resources()}
        assert {"/", "/table/", "/router/"} <= paths


async def test_stock_registers_routes_twice(tmp_path: Path) -> None:
    class Stock(faust.App):
        initialised = 0

        def on_webserver_init(self, web: Any) -> None:
            self.initialised += 1

    app = Stock("stock", broker="kafka://127.0.0.1:1", datadir=str(tmp_path))
    app.finalize()
    app.web.init_server()
    app.web.init_server()
    assert app.initialised == 2


async def test_routes_are_added_once(tmp_path: Path) -> None:
    added = 0

    def count(application: web.Application) -> None:
        nonlocal added
        added += 1

    async with running(tmp_path, count) as host:
        host.web.init_server()
    assert added == 1


async def test_stock_stops_the_producer_before_the_streams_that_publish(tmp_path: Path) -> None:
    async with stock_app(tmp_path) as app:
        app.producer_only = True
        services = list(app.boot_strategy.producer_only())
        stopped_first = next(reversed(services))
        assert isinstance(stopped_first, Producer)


async def test_parts_stop_in_reverse_and_hooks_run_after_the_last_stream(tmp_path: Path) -> None:
    log: list[str] = []
    streaming = asyncio.Event()
    finish = asyncio.Event()
    host_box: list[HostApp] = []

    def add(application: web.Application) -> None:
        async def stream(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"begun ")
            streaming.set()
            await finish.wait()
            await response.write(b"ended")
            log.append(f"stream ends, draining={host_box[0].draining}")
            return response

        application.router.add_get("/", stream)

    async def drained() -> None:
        log.append("drained")

    async def failing() -> None:
        log.append("failing hook")
        raise RuntimeError("a hook that fails stops no other")

    parts: dict[str, Part] = {name: Recorder(name, log) for name in ("client", "streams")}
    async with (
        running(
            tmp_path,
            add,
            services=[parts["client"]],
            stream_side=parts["streams"],
            drain_hooks=[failing, drained],
        ) as host,
        aiohttp.ClientSession() as client,
    ):
        host_box.append(host)
        reading = asyncio.ensure_future(_read(client, url(host, "/")))
        await streaming.wait()
        where = host.addresses[0]
        stopping = asyncio.ensure_future(host.stop())
        while _accepts(where):
            await asyncio.sleep(0.01)
        assert not stopping.done()
        finish.set()
        assert await reading == "begun ended"
        await stopping
    assert log == [
        "client starts",
        "streams starts",
        "stream ends, draining=True",
        "failing hook",
        "drained",
        "streams stops",
        "client stops",
    ]


async def _read(client: aiohttp.ClientSession, address: str) -> str:
    async with client.get(address) as response:
        return await response.text()


def _accepts(where: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(where) == 0


async def test_a_stream_that_outlives_the_grace_is_cut(tmp_path: Path) -> None:
    streaming = asyncio.Event()

    def add(application: web.Application) -> None:
        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            streaming.set()
            while True:
                await response.write(b"more")
                await asyncio.sleep(0.01)

        application.router.add_get("/", endless)

    async with running(tmp_path, add, grace_s=0.2) as host, aiohttp.ClientSession() as client:
        reading = asyncio.ensure_future(_read(client, url(host, "/")))
        await streaming.wait()
        await host.stop()
        with pytest.raises(aiohttp.ClientError):
            await reading


async def test_a_handler_is_cancelled_when_its_client_leaves(tmp_path: Path) -> None:
    streaming, cancelled = asyncio.Event(), asyncio.Event()

    def add(application: web.Application) -> None:
        async def wait(request: web.Request) -> web.StreamResponse:
            streaming.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError

        application.router.add_get("/", wait)

    async with running(tmp_path, add) as host, aiohttp.ClientSession() as client:
        reading = asyncio.ensure_future(_read(client, url(host, "/")))
        await streaming.wait()
        reading.cancel()
        await cancelled.wait()


async def test_stock_cleans_up_twice(tmp_path: Path) -> None:
    cleaned = await _cleanups(lambda: _stock_web(tmp_path))
    assert cleaned == 2


async def test_the_host_cleans_up_once(tmp_path: Path) -> None:
    host = HostApp(routes=routes, web_options=WebOptions(port=free_port()), data_dir=tmp_path)
    host.finalize()
    assert await _cleanups(lambda: host.web) == 1


def _stock_web(data_dir: Path) -> Any:
    app = faust.App(
        "stock", broker="kafka://127.0.0.1:1", datadir=str(data_dir), web_port=free_port()
    )
    app.finalize()
    return app.web


async def _cleanups(make: Callable[[], Any]) -> int:
    served = make()
    cleaned = 0

    async def clean(application: web.Application) -> None:
        nonlocal cleaned
        cleaned += 1

    served.web_app.on_cleanup.append(clean)
    await served.start_server()
    await served.stop_server()
    return cleaned


def test_the_worker_leaves_stdout_alone() -> None:
    app = HostApp(routes=routes, web_options=WebOptions(), data_dir=Path("unused"))
    app.finalize()
    worker = app.conf.Worker(app, redirect_stdouts=True)
    assert isinstance(worker, HostWorker)
    assert worker.redirect_stdouts is False
    worker.spinner = None

"""The host under Faust's own command line."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.support.processes import REPO, free_port

MODULE = """
import sys
from pathlib import Path
from aiohttp import web
from app.engine.host import HostApp
from app.engine.web import WebOptions
from config import load_settings
from config.faust_options import told_to_faust

async def hello(request):
    return web.Response(text="hello")

def routes(application):
    application.router.add_get("/", hello)

async def drained():
    print("drained", flush=True)

told = load_settings({"TAILRACE_WEB__PORT": "1"}, told_to_faust(sys.argv)).web
app = HostApp(
    routes=routes,
    web_options=WebOptions(bind=told.bind, port=told.port),
    data_dir=Path("data"),
    drain_hooks=[drained],
)
"""


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{REPO}{os.pathsep}{folder}"}


async def test_the_faust_command_serves_on_its_port_and_stops_on_sigterm(tmp_path: Path) -> None:
    (tmp_path / "hosted.py").write_text(MODULE)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "faust", "-A", "hosted", "worker", "-l", "info"),
        *("--web-port", str(port)),
        cwd=tmp_path,
        env=_environment(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with aiohttp.ClientSession() as client:
            assert await _eventually(client, f"http://127.0.0.1:{port}/") == "hello"
        process.send_signal(signal.SIGTERM)
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()
    assert b"drained" in output


async def _eventually(client: aiohttp.ClientSession, address: str) -> str:
    while True:
        try:
            return await _read(client, address)
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("command", ["agents", "tables"])
async def test_the_other_faust_commands_work(tmp_path: Path, command: str) -> None:
    (tmp_path / "hosted.py").write_text(MODULE)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "faust", "-A", "hosted", command),
        cwd=tmp_path,
        env=_environment(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def _read(client: aiohttp.ClientSession, address: str) -> str:
    async with client.get(address) as response:
        return await response.text()

"""The parent over small real processes."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from app.engine.backoff import Backoff
from app.processes.supervisor import Command, Supervisor
from app.tasks import spawn
from tests.support.pids import alive

SERVE = """
import os, pathlib, signal, sys, time
def stop(signum, frame):
    sys.exit(int(sys.argv[2]))
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1], str(os.getpid())).touch()
time.sleep(600)
"""
DEAF = SERVE.replace("stop)", "signal.SIG_IGN)")


class World:
    """A supervisor of two children that say their ids by files in a directory."""

    def __init__(
        self, root: Path, script: str = SERVE, code: int = 0, timeout_s: float = 20
    ) -> None:
        self.root = root
        self.refused = 0
        self.commands = 0
        self.script, self.code = script, code
        self.supervisor = Supervisor(
            self.command,
            2,
            backoff=lambda: Backoff(0.01, 0.02, lambda: 0.0),
            on_stop=self.refuse,
            stop_timeout_s=timeout_s,
        )

    def refuse(self) -> None:
        """Count how often we were told to take no more."""
        self.refused += 1

    def command(self, number: int) -> Command:
        """Python, with the script."""
        del number
        self.commands += 1
        arguments = (sys.executable, "-c", self.script, str(self.root), str(self.code))
        return Command(arguments, dict(os.environ))

    def pids(self) -> set[int]:
        """All that ever ran."""
        return {int(path.name) for path in self.root.iterdir()}

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something about the children."""
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.01)


async def test_a_dead_child_is_replaced_and_a_signal_stops_all(tmp_path: Path) -> None:
    world = World(tmp_path)
    running = spawn(world.supervisor.run(), name="test-supervisor")
    await world.until(lambda: len(world.pids()) == 2)
    first = world.pids()
    os.kill(min(first), signal.SIGKILL)
    await world.until(lambda: len(world.pids()) == 3)
    world.supervisor.stop()
    assert await running == 0
    assert world.refused == 1
    assert not [pid for pid in world.pids() if alive(pid)]


async def test_one_that_is_deaf_is_killed_in_the_end(tmp_path: Path) -> None:
    world = World(tmp_path, DEAF, timeout_s=0.2)
    running = spawn(world.supervisor.run(), name="test-supervisor")
    await world.until(lambda: len(world.pids()) == 2)
    world.supervisor.stop()
    assert await running == 1
    assert not [pid for pid in world.pids() if alive(pid)]


async def test_an_unclean_stop_of_a_child_is_said(tmp_path: Path) -> None:
    world = World(tmp_path, code=3)
    running = spawn(world.supervisor.run(), name="test-supervisor")
    await world.until(lambda: len(world.pids()) == 2)
    world.supervisor.stop()
    assert await running == 1


async def test_settings_that_no_child_can_start_with_end_it(tmp_path: Path) -> None:
    world = World(tmp_path, "raise SystemExit(2)")
    async with asyncio.timeout(30):
        assert await world.supervisor.run() == 2
    assert world.commands <= 4


async def test_a_command_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.supervisor._command = lambda number: Command((str(tmp_path / "no"),), {})
    running = spawn(world.supervisor.run(), name="test-supervisor")
    await asyncio.sleep(0.1)
    world.supervisor._command = world.command
    await world.until(lambda: len(world.pids()) == 2)
    world.supervisor.stop()
    assert await running == 0

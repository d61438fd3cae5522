"""Real processes that spill: killed in the middle of an append, and on a disk that ends."""

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from app.clock import SystemClock
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.options import Fsync, SpillOptions
from proxy.publisher.spill.spill import Spill
from tests.support.processes import REPO
from tests.support.spill import record

WRITER = """
import asyncio, resource, sys
from pathlib import Path
from app.clock import SystemClock
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.spill import Spill
from tests.support.spill import record

async def main():
    root, fsync, limit_bytes, count = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    spill = Spill(
        root, SpillOptions(fsync=fsync, segment_bytes=1 << 20), body_topics=["t.bodies"],
        producer="child", clock=SystemClock(), count_loss=lambda reason, messages: None,
    )
    await spill.open()
    if limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    for number in range(0, count, 20):
        results = await spill.append([record(number + each, 2000) for each in range(20)])
        print(number, results.count("delivered"), spill.state, flush=True)
        if "retry" in results:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    await spill.close()

asyncio.run(main())
"""


def writer(root: Path, fsync: Fsync, limit_bytes: int, count: int) -> "subprocess.Popen[str]":
    """A process that appends records 0, 1, … and prints how many of each twenty it keeps."""
    arguments = [sys.executable, "-c", WRITER, str(root), fsync, str(limit_bytes), str(count)]
    return subprocess.Popen(arguments, cwd=REPO, stdout=subprocess.PIPE, text=True)


async def drained(root: Path) -> tuple[list[Outgoing], Counter[str]]:
    """Everything the next process finds, and what it has to give up."""
    losses: Counter[str] = Counter()
    spill = Spill(
        root,
        SpillOptions(),
        body_topics=["t.bodies"],
        producer="next",
        clock=SystemClock(),
        count_loss=lambda reason, messages: losses.update({reason: messages}),
    )
    await spill.open()
    messages: list[Outgoing] = []
    while (batch := await spill.next_batch(500, 4 << 20)) is not None:
        messages += batch.messages
        await spill.done(batch)
    await spill.close()
    return messages, losses


@pytest.mark.parametrize("fsync", ["always", "interval", "never"])
@pytest.mark.parametrize("lines", [1, 40, 97])
def test_killed_in_the_middle_of_an_append(tmp_path: Path, fsync: Fsync, lines: int) -> None:
    """Everything that was answered is there, in order; nothing else but what was under way."""
    with writer(tmp_path, fsync, 0, 1_000_000) as child:
        assert child.stdout is not None
        for _ in range(lines):
            child.stdout.readline()
        child.kill()
        answered = 20 * (lines + len(child.stdout.read().split("\n")[:-1]))
    messages, losses = asyncio.run(drained(tmp_path))
    assert losses == {}
    assert len(messages) >= answered
    assert messages == [record(number, 2000) for number in range(len(messages))]
    assert not [*tmp_path.glob("*/*.records")]


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    """The system's own limit on the length of a file: a state that passes, and no crash."""
    with writer(tmp_path, "interval", 500_000, 1000) as child:
        assert child.stdout is not None
        lines = [line.split() for line in child.stdout]
    assert child.returncode == 0
    kept = [int(number) for number, count, _ in lines if count == "20"]
    states = [state for _, _, state in lines]
    assert states.count("full") == 1
    assert states[-1] == "ok"
    assert len(kept) == len(lines) - 1 == 49
    messages, losses = asyncio.run(drained(tmp_path))
    assert losses == {}
    assert messages == [record(first + each, 2000) for first in kept for each in range(20)]

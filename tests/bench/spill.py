"""What it costs to spill and to read back records of 2 KB, by fsync policy.

    python -m tests.bench.spill

Appends batches of 500 and reads them back in batches of 500. Prints microseconds per record (the
best of several rounds) and how late the event loop woke a task meanwhile, beside how late it does
with nothing to do, also kept under build/bench/, and exits with 1 if the bound on appends with
`interval` is broken.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from app.clock import SystemClock
from proxy.publisher.spill.options import Fsync, SpillOptions
from proxy.publisher.spill.spill import Spill
from tests.support.spill import record

RECORD_BYTES = 2048
BATCH = 500
BATCHES = 40
ROUNDS = 5
IDLE_S = 2.0
BOUND_US = 15.0
POLICIES: tuple[Fsync, ...] = ("always", "interval", "never")


async def watch(lags_ms: list[float]) -> None:
    """How late a task is woken that is due every half millisecond."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.0005)
        lags_ms.append((time.perf_counter() - before) * 1000 - 0.5)


def lag(lags_ms: list[float]) -> dict[str, float]:
    """The 99th percentile and the worst."""
    ordered = sorted(lags_ms)
    p99_ms = ordered[int(len(ordered) * 0.99)]
    return {"loop_lag_p99_ms": round(p99_ms, 2), "loop_lag_max_ms": round(ordered[-1], 2)}


async def idle() -> dict[str, float]:
    """The loop's lag on this machine with nothing to do, for comparison."""
    lags_ms: list[float] = []
    watcher = asyncio.get_running_loop().create_task(watch(lags_ms))
    await asyncio.sleep(IDLE_S)
    watcher.cancel()
    return lag(lags_ms)


async def one_round(root: Path, fsync: Fsync, lags_ms: list[float]) -> tuple[float, float]:
    """Microseconds per record appended, and per record read and done."""
    messages = [record(number, RECORD_BYTES) for number in range(BATCH)]
    spill = Spill(
        root,
        SpillOptions(fsync=fsync),
        body_topics=["t.bodies"],
        producer="bench",
        clock=SystemClock(),
        count_loss=lambda reason, count: None,
    )
    await spill.open()
    watcher = asyncio.get_running_loop().create_task(watch(lags_ms))
    start = time.perf_counter()
    for _ in range(BATCHES):
        assert set(await spill.append(messages)) == {"delivered"}
    written = time.perf_counter()
    count = 0
    while (batch := await spill.next_batch(BATCH, 16 << 20)) is not None:
        count += len(batch.messages)
        await spill.done(batch)
    read = time.perf_counter()
    watcher.cancel()
    await spill.close()
    assert count == BATCH * BATCHES
    return (written - start) / count * 1e6, (read - written) / count * 1e6


async def measure() -> dict[str, Any]:
    """Microseconds per record and the loop's lag, by policy."""
    found: dict[str, Any] = {"record_bytes": RECORD_BYTES, "idle": await idle()}
    for fsync in POLICIES:
        lags_ms: list[float] = []
        rounds = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as root:
                rounds.append(await one_round(Path(root), fsync, lags_ms))
        found[fsync] = {
            "append_us": round(min(each[0] for each in rounds), 2),
            "replay_us": round(min(each[1] for each in rounds), 2),
            **lag(lags_ms),
        }
    return found


def main() -> int:
    """Measure, print, keep; 1 if the bound is broken."""
    found = asyncio.run(measure())
    found["bound_append_us"] = BOUND_US
    text = json.dumps(found, indent=2)
    print(text)
    target = Path("build/bench/spill.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n")
    return 1 if found["interval"]["append_us"] > BOUND_US else 0


if __name__ == "__main__":
    raise SystemExit(main())

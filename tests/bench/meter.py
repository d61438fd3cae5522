"""How fast the meter catches up, beside the same job in other frameworks on the same broker.

    python -m tests.bench.meter [--records N] [--users N] [--partitions N] [--rounds N]

In each round a topic is filled (1 % of its records are duplicates) and read by each candidate in
turn, in an order shuffled anew: ours (a whole worker: exact, durable, queryable), the same job in
stock Faust and in Quix Streams, and a plain consumer that only decodes. Rates are per second of CPU
time of the process, all threads, and per second of the clock; of ours also how late its loop was
(p99, the bucket's upper bound) and what its changelogs took. Quix Streams is installed on demand
into an environment under build/ and left out with the reason where that fails. Bound: ours at least
3 times stock Faust, per core.
"""

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
import venv
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.record.model import Record
from app.record.topics import Topics, TopicSpec
from tests.bench.cpu import cpu_s_of
from tests.bench.paired import Ratio, keep, paired_ratio, shuffled
from tests.support.consume import consume_all
from tests.support.exchanges import exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import REPO, Process
from tests.support.produce import produce
from tests.support.relayed import metric

MUST_BE_TIMES_STOCK = 3.0
VERDICTS = ("counted", "duplicate", "repeated")
QUIX = REPO / "build" / "bench" / "quix"
TIMEOUT_S = 900
POLL_S = 0.5
"""Between two looks at the worker's metrics, each costs it some milliseconds."""
Figures = dict[str, float]


def filling(args: argparse.Namespace) -> list[Record]:
    """The records of a topic; a hundredth of them come twice."""
    users = [f"user-{number:06d}" for number in range(args.users)]
    began = datetime.now(UTC) - timedelta(hours=1)
    spacing = timedelta(milliseconds=1)
    records = list(exchanges(5, args.records, users=users, started_at=began, spacing=spacing))
    return records + random.Random(3).sample(records, args.records // 100)


async def ours(
    broker: KafkaBroker, prefix: str, count: int, partitions: int, data_dir: Path
) -> Figures:
    """A whole worker with nothing but the broker: from its first record to its last."""
    worker = Process(
        data_dir,
        role="worker",
        kafka__bootstrap_servers=broker.bootstrap_servers,
        kafka__topic_prefix=prefix,
        kafka__partitions=partitions,
    )

    async def done() -> float:
        return sum([await metric(worker, "metered_total", verdict=each) for each in VERDICTS])

    try:
        await worker.start().until_live()
        while not (before := await done()):
            await asyncio.sleep(0.02)
        lag_before = await loop_lag(worker)
        began_s, began_cpu_s = time.perf_counter(), cpu_s_of(worker.pid)
        while (now := await done()) < count:
            await asyncio.sleep(POLL_S)
        took_s, cpu_s = time.perf_counter() - began_s, cpu_s_of(worker.pid) - began_cpu_s
        lag_p99_s = p99_s(await loop_lag(worker) - lag_before)
        assert worker.stop() == 0
    finally:
        worker.kill()
    changelogs = [f"tailrace-{prefix}-{name}-changelog" for name in ("users", "seen")]
    logged = [
        len(message.key or b"") + len(message.value or b"")
        for topic in changelogs
        for message in await consume_all(broker.bootstrap_servers, topic)
    ]
    return {
        "records": now - before,
        "took_s": took_s,
        "cpu_s": cpu_s,
        "loop_lag_p99_ms": lag_p99_s * 1000,
        "changelog_bytes_per_record": sum(logged) / count,
        "changelog_writes_per_record": len(logged) / count,
    }


async def loop_lag(worker: Process) -> Counter[float]:
    """How often the loop was late by at most so many seconds: the histogram, cumulative."""
    _, text = await worker.get("/metrics")
    found = re.findall(r'^tailrace_loop_lag_seconds_bucket\{le="(.+?)"\} (\S+)$', str(text), re.M)
    return Counter({float(bound): int(float(times)) for bound, times in found})


def p99_s(cumulative: Counter[float]) -> float:
    """The bound below which 99 % of a cumulative histogram lie."""
    enough = 0.99 * max(cumulative.values(), default=0)
    return min((bound for bound, times in cumulative.items() if times >= enough), default=0.0)


def peer(name: str, broker: KafkaBroker, prefix: str, count: int) -> Figures:
    """Another framework, in a process of its own."""
    python = str(QUIX / "bin" / "python") if name == "quix" else sys.executable
    command = [python, "-W", "ignore", "-m", f"tests.bench.meters.{name}"]
    command += ["--servers", broker.bootstrap_servers, "--prefix", prefix, "--count", str(count)]
    done = subprocess.run(
        command, cwd=REPO, capture_output=True, text=True, timeout=TIMEOUT_S, env=os.environ.copy()
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, f"{name} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    figures: Figures = json.loads(lines[-1])
    return figures


def quix_is_there() -> bool:
    """Quix Streams in an environment of its own, which sees our packages after its own."""
    if (QUIX / ".made").exists():
        return True
    venv.create(QUIX, with_pip=True, clear=True)
    done = subprocess.run(
        [str(QUIX / "bin" / "python"), "-m", "pip", "install", "-q", "quixstreams"],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print(f"quix: left out, it cannot be installed: {done.stderr.strip()[-200:]}")
        return False
    site = QUIX / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    (site / "site-packages" / "ours.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    (QUIX / ".made").touch()
    return True


async def rounds(broker: KafkaBroker, root: Path, args: argparse.Namespace) -> dict[str, object]:
    """The figures of each candidate, round by round."""
    names = ["ours", "stock", "plain"] + (["quix"] if quix_is_there() else [])
    found: dict[str, list[Figures]] = {name: [] for name in names}
    rng, records = random.Random(1), filling(args)
    for number in range(args.rounds):
        prefix = f"b{uuid.uuid4().hex[:8]}"
        facts = [TopicSpec(f"{prefix}.{name}-facts") for name in ("stock", "quix")]
        await broker.create_topics([*Topics(prefix).specs(), *facts], args.partitions)
        await produce(broker.bootstrap_servers, records, prefix=prefix)
        for name in shuffled(names, rng):
            if name == "ours":
                made = await ours(
                    broker, prefix, len(records), args.partitions, root / f"worker-{number}"
                )
            else:
                made = await asyncio.to_thread(peer, name, broker, prefix, len(records))
            found[name].append(made)
            print(f"round {number + 1} {name}: {per_second(made)}", flush=True)
    return found  # type: ignore[return-value]


def per_second(made: Figures) -> str:
    """Rates, for the eye."""
    per_cpu, per_clock = made["records"] / made["cpu_s"], made["records"] / made["took_s"]
    return f"{per_cpu:,.0f}/s per core, {per_clock:,.0f}/s by the clock"


def ratio(found: dict[str, list[Figures]], other: str, per: str = "cpu_s") -> Ratio:
    """Ours to another one: records per second, of CPU or of the clock."""
    ours_, theirs = (
        [made["records"] / made[per] for made in found[name]] for name in ("ours", other)
    )
    return paired_ratio(ours_, theirs)


def table(found: dict[str, list[Figures]]) -> str:
    """Medians, and ours to each."""
    lines = ["| | records/s per core | records/s by the clock | CPU µs a record | ours to it |"]
    lines.append("|---|---|---|---|---|")
    for name, all_made in found.items():
        per_core = statistics.median(made["records"] / made["cpu_s"] for made in all_made)
        clock = statistics.median(made["records"] / made["took_s"] for made in all_made)
        shown = "" if name == "ours" else interval(ratio(found, name))
        lines.append(
            f"| {name} | {per_core:,.0f} | {clock:,.0f} | {1e6 / per_core:.0f} | {shown} |"
        )
    return "\n".join(lines)


def interval(made: Ratio) -> str:
    """A ratio as it is shown."""
    return f"{made.median:.2f} ({made.low:.2f}-{made.high:.2f})"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory() as directory,
        KafkaBroker.running(Path(directory) / "kafka") as broker,
    ):
        found: dict[str, list[Figures]] = asyncio.run(  # type: ignore[assignment]
            rounds(broker, Path(directory), args)
        )
    print(table(found))
    to_stock = ratio(found, "stock")
    held = to_stock.median >= MUST_BE_TIMES_STOCK
    figures = {"rounds": found, "to_stock": to_stock, "held": held, "args": vars(args)}
    if "quix" in found:
        figures["to_quix"] = ratio(found, "quix")
    keep("meter", figures)
    changelog = statistics.median(each["changelog_bytes_per_record"] for each in found["ours"])
    writes = statistics.median(each["changelog_writes_per_record"] for each in found["ours"])
    print(f"changelogs: {changelog:.0f} bytes and {writes:.2f} entries a record")
    late_ms = statistics.median(each["loop_lag_p99_ms"] for each in found["ours"])
    print(f"loop lag p99: at most {late_ms:.1f} ms")
    print("held" if held else "BROKEN", f"{to_stock.median:.2f} times stock Faust")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

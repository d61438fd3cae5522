"""What speed is promised, beside what was measured: one table in Markdown, from the kept figures.

    python -m tests.bench.targets    # of whatever is kept under build/bench/, however old

Reads what each benchmark kept and measures nothing itself. A row whose figures are missing, or
older than the run it is asked about, says so; it never counts as held.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.bench.paired import OUT

Figures = Mapping[str, Any]
NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """One promise: the figure found in a benchmark's file, and its two bounds."""

    what: str
    kept_as: str
    found: Callable[[Figures], float]
    must: float
    goal: float
    unit: str
    at_least: bool = False

    def meets(self, measured: float, bound: float) -> bool:
        """Whether the figure is on the right side of the bound."""
        return measured >= bound if self.at_least else measured <= bound

    def verdict(self, measured: float | None) -> str:
        """`goal`, `must`, `MISSED` or `not measured`."""
        if measured is None:
            return NOT_MEASURED
        if self.meets(measured, self.goal):
            return "goal"
        return "must" if self.meets(measured, self.must) else "MISSED"

    def row(self, measured: float | None) -> str:
        """The row of the table."""
        sign = "≥" if self.at_least else "≤"
        found = "–" if measured is None else f"{measured:.2f} {self.unit}"
        bounds = f"{sign} {self.must:g} {self.unit} | {sign} {self.goal:g} {self.unit}"
        return f"| {self.what} | {bounds} | {found} | {self.verdict(measured)} |"


def logging_adds_us(figures: Figures) -> float:
    """CPU per request with logging on, less that with logging off; microseconds."""
    cpu_us = figures["cpu_us"]
    return float(cpu_us["request ours"] - cpu_us["request logging off"])


def excess_of(name: str) -> Callable[[Figures], float]:
    """How far the interval of a ratio reaches beyond that of a repetition."""
    return lambda figures: float(figures[name]["high"] - figures["repeated"]["high"])


TARGETS = (
    Target(
        "relay, record and publish on: CPU per request",
        "relay",
        lambda figures: float(figures["request ours"]["median"]),
        0.6,
        0.4,
        "d",
    ),
    Target("what logging adds: CPU per request", "relay", logging_adds_us, 50, 25, "µs"),
    Target(
        "streaming, capture on: CPU per chunk",
        "relay",
        lambda figures: float(figures["chunk ours"]["median"]),
        0.8,
        0.6,
        "d",
    ),
    Target(
        "one connection, p50 over nginx",
        "latency",
        lambda figures: float(figures["over_nginx_ms"]),
        0.25,
        0.15,
        "ms",
    ),
    Target(
        "broker down against up: upper end of the interval, beyond a repetition's",
        "broker_down",
        excess_of("down"),
        0.1,
        0.0,
        "",
    ),
    Target(
        "logging on against off at half load: upper end of the interval, beyond a repetition's",
        "half_load",
        excess_of("on"),
        0.1,
        0.0,
        "",
    ),
    Target(
        "memory of an idle proxy-role process",
        "large",
        lambda figures: float(figures["idle_mb"]),
        120,
        80,
        "MB",
    ),
    Target(
        "1 MB response bodies: memory of one in flight beyond its copy's limit",
        "large",
        lambda figures: float(figures["beyond_the_copy_kb"]),
        512,
        256,
        "KB",
    ),
    Target(
        "recovery, users/s against stock Faust",
        "recovery",
        lambda figures: float(figures["to_stock"]),
        1.5,
        3.0,
        "×",
        at_least=True,
    ),
    Target(
        "memory of a proxy-role process after its load",
        "relay",
        lambda figures: float(figures["rss_mb"]),
        200,
        130,
        "MB",
    ),
    Target(
        "meter, records/s per core against stock Faust",
        "meter",
        lambda figures: float(figures["to_stock"]["median"]),
        3.0,
        5.0,
        "×",
        at_least=True,
    ),
    Target(
        "meter, records/s per core against Quix Streams",
        "meter",
        lambda figures: float(figures["to_quix"]["median"]),
        0.0,
        1.5,
        "×",
        at_least=True,
    ),
    Target(
        "all in one process, 200 exchanges/s: counted after, p99",
        "all_in_one",
        lambda figures: float(figures["counted_p99_ms"]),
        1000,
        500,
        "ms",
    ),
    Target(
        "all in one process, upstream delay 50 ms: latency against no agents",
        "all_in_one",
        lambda figures: float(figures["with_agents"]["median"]),
        1.3,
        1.1,
        "×",
    ),
    Target(
        "memory in a soak: last quarter over the second one",
        "soak",
        lambda figures: float(figures["growth"]) * 100,
        10,
        5,
        "%",
    ),
    Target(
        "CPU per request of LiteLLM's proxy against ours",
        "peers",
        lambda figures: float(figures["litellm to ours"]["median"]),
        50,
        100,
        "×",
        at_least=True,
    ),
    Target(
        "CPU per request of Portkey's gateway against ours",
        "peers",
        lambda figures: float(figures["portkey to ours"]["median"]),
        7,
        10,
        "×",
        at_least=True,
    ),
)


def measured(target: Target, since_s: float, out: Path = OUT) -> float | None:
    """The figure, or None where its file is missing, older than `since_s`, or lacks it."""
    path = out / f"{target.kept_as}.json"
    if not path.exists() or path.stat().st_mtime < since_s:
        return None
    try:
        return target.found(orjson.loads(path.read_bytes()))
    except KeyError:
        # A file of an older form of the benchmark.
        return None


def table(since_s: float, out: Path = OUT) -> str:
    """All rows; `d` is the bare aiohttp relay in the same run."""
    lines = ["| target | must | goal | measured | verdict |", "|---|---|---|---|---|"]
    lines += [each.row(measured(each, since_s, out)) for each in TARGETS]
    return "\n".join(lines)


def main() -> int:
    """Print the table of what is kept, with the age of each file."""
    print(table(0.0))
    for name in sorted({each.kept_as for each in TARGETS}):
        path = OUT / f"{name}.json"
        if path.exists():
            print(f"{name}: kept {(time.time() - path.stat().st_mtime) / 60:.0f} minutes ago")
    return 0


if __name__ == "__main__":
    sys.exit(main())

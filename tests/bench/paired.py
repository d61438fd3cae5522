"""Paired comparison on a noisy machine: interleaved rounds, median ratio, bootstrap interval.

Each round measures every candidate once, in an order shuffled anew. What counts is the ratio of two
candidates within a round: whatever slowed the machine down then slowed down both.
"""

import json
import os
import platform
import random
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

RESAMPLES = 4000
OUT = Path("build/bench")
PACKAGES = ("aiohttp", "aiokafka", "faust-streaming", "pydantic", "rocksdict", "uvloop")


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the per-round ratios, and its 95 % bootstrap interval."""

    median: float
    low: float
    high: float
    pairs: int


def paired_ratio(ours: Sequence[float], theirs: Sequence[float], seed: int = 1) -> Ratio:
    """`ours` to `theirs`, round by round; the interval by resampling rounds (percentile method)."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    rng = random.Random(seed)
    medians = sorted(
        statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)
    )
    low, high = medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES) - 1]
    return Ratio(statistics.median(ratios), low, high, len(ratios))


def no_slower(changed: Ratio, repeated: Ratio, allowance: float = 0.10) -> bool:
    """Whether the interval of B to A reaches no higher than that of A repeated to A, plus 10 %."""
    return changed.high <= repeated.high + allowance


def shuffled(names: Sequence[str], rng: random.Random) -> list[str]:
    """One round's order."""
    order = list(names)
    rng.shuffle(order)
    return order


@cache
def circumstances() -> dict[str, Any]:
    """What figures were measured of, and on what."""
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True)
    relay = find_spec("proxy.relay.call")
    return {
        "commit": asked.stdout.decode().strip() or None,
        "compiled": relay is not None and not str(relay.origin).endswith(".py"),
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def keep(name: str, figures: Mapping[str, Any]) -> Path:
    """Write the figures as JSON under build/bench/; ratios become objects."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    plain = {k: asdict(v) if isinstance(v, Ratio) else v for k, v in figures.items()}
    plain["measured_on"] = circumstances()
    path.write_text(json.dumps(plain, indent=2))
    return path

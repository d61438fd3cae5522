"""What a server and a client of our own, in place of aiohttp's server, could bring at most.

    python -m tests.bench.own_server [--rounds N]

In one run, rounds interleaved: the bare aiohttp relay twice (what repeats), ours with logging off,
and a relay written directly on asyncio's protocols and httptools that does nothing but pass
messages on. Nothing in Python gets much below that one: what lies between it and ours is what
aiohttp's server and our features take together. CPU for each request and each chunk, in ratios to
the bare relay, and of the protocols to ours. No bound.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.load import Cost
from tests.bench.paired import Ratio, keep, paired_ratio
from tests.bench.recorded import OURS_PATH, PATH, recorded
from tests.bench.relay import Candidate, lines, measured, summary


async def run(rounds: int, root: Path) -> dict[str, Any]:
    """The figures; everything it starts has ended when it returns."""
    async with recorded(root) as made:
        bare, bare_port = await made.beside("bare_relay")
        alone, alone_port = await made.beside("relay_alone")
        protocols, protocols_port = await made.beside("bare_protocol")
        bare_at = Candidate(bare_port, PATH, bare.pid)
        candidates = {
            "bare": bare_at,
            "bare again": bare_at,
            "logging off": Candidate(alone_port, OURS_PATH, alone.pid),
            "protocols": Candidate(protocols_port, PATH, protocols.pid),
        }
        made.alone(*(each.pid for each in candidates.values()))
        found = await measured(candidates, rounds, ())
    return summary(found) | to_ours(found) | {"rounds": rounds}


def to_ours(found: Mapping[str, Mapping[str, Sequence[Cost]]]) -> dict[str, Ratio]:
    """The protocols' CPU in ratio to ours, by what is measured."""
    return {
        f"{what} protocols to ours": paired_ratio(
            [each.cpu_us for each in by_name["protocols"]],
            [each.cpu_us for each in by_name["logging off"]],
        )
        for what, by_name in found.items()
    }


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.own_server")
    parser.add_argument("--rounds", type=int, default=9)
    with tempfile.TemporaryDirectory() as root:
        figures = asyncio.run(run(parser.parse_args().rounds, Path(root)))
    print(*lines(figures), sep="\n")
    for what in ("request", "chunk"):
        ratio = figures[f"{what} protocols to ours"]
        print(f"{what}: {ratio.median:.2f} [{ratio.low:.2f}, {ratio.high:.2f}] of ours")
    print(keep("own_server", figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

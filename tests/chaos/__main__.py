"""Every scenario, one after the other: the table, and build/chaos/chaos.json.

Exits 1 if one of them is out of its bounds.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.chaos import brokers, messages, proxies, rolling, sinks, workers
from tests.chaos.row import Row, keep, table
from tests.chaos.world import World

SHORT = 0.02
Scenario = Callable[[World], Awaitable[Row]]
SCENARIOS: dict[str, Scenario] = {
    each.__name__: each
    for each in (
        brokers.broker_killed,
        workers.workers_stopped,
        workers.slow_worker,
        brokers.broker_gone,
        brokers.broker_gone_at_boot,
        workers.worker_killed,
        workers.workers_come_and_go,
        rolling.rolling_restart,
        rolling.workers_judged,
        proxies.proxy_killed,
        proxies.fallback_down,
        proxies.disk_full,
        proxies.spill_torn,
        messages.poison,
        messages.replayed,
        messages.duplicated,
        messages.clock_jump,
        proxies.sigterm,
        sinks.fan_out,
        sinks.store_stopped,
        sinks.engine_stopped,
        sinks.endpoint_failing,
    )
}


async def play(scenario: Scenario, root: Path, scale: float) -> Row:
    """One scenario in a world of its own."""
    async with World(root, scale).running() as world:
        return await scenario(world)


def main() -> int:
    """Play, print, keep; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--only", nargs="*", choices=[*SCENARIOS], default=[*SCENARIOS])
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in arguments.only:
        began_s = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="chaos-") as root:
            row = asyncio.run(play(SCENARIOS[name], Path(root), SHORT if arguments.short else 1))
        rows.append(row)
        keep(rows, "short" if arguments.short else "chaos")
        took_s = time.monotonic() - began_s
        print(f"{name}: {'; '.join(row.broken) or 'held'} ({took_s:.0f} s)", flush=True)
    print("\n" + table(rows))
    return 1 if any(row.broken for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

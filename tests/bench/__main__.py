"""`make bench`: every benchmark, one after the other; figures are kept under build/bench/.

`make bench-full` takes the longer forms, and adds what takes long: gateways of others, a million
users, restarts of workers and proxies, how cost grows, what a server of our own would bring, half
an hour of soak. Ends with the table of targets, from what this run measured. Exits 1 if one of them
says that its bound is broken, after all have run.
"""

import subprocess
import sys
import time

from tests.bench.targets import table

BENCHMARKS = (
    "records",
    "publish",
    "spill",
    "archive",
    "analytics",
    "deliveries",
    "relay",
    "latency",
    "half_load",
    "large",
    "recovery",
    "meter --rounds 1",
    "visible",
    "all_in_one",
    "end_to_end --rates 100",
    "broker_down",
    "tails",
)
LONGER = {
    "meter --rounds 1": "meter --rounds 3",
    "end_to_end --rates 100": "end_to_end",
    "recovery": "recovery --users 1000000",
}
MORE = ("peers", "scaling", "isolation", "growth --full", "own_server", "soak --minutes 30")


def chosen(full: bool) -> list[str]:
    """What is run, with its arguments."""
    return [*(LONGER.get(name, name) for name in BENCHMARKS), *MORE] if full else [*BENCHMARKS]


def main() -> int:
    """Run them all in processes of their own."""
    broken = []
    began_s = time.time()
    names = chosen("--full" in sys.argv[1:])
    for name in names:
        print(f"\n== {name}", flush=True)
        since_s = time.time()
        if subprocess.run([sys.executable, "-m", *f"tests.bench.{name}".split()]).returncode:
            broken.append(name)
        print(f"{time.time() - since_s:.0f} s", flush=True)
    took_min = (time.time() - began_s) / 60
    print(f"\n{len(names) - len(broken)} of {len(names)} within their bounds", *broken)
    print(f"{took_min:.0f} minutes")
    print(f"\n{table(began_s)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

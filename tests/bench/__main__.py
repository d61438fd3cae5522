"""`make bench`: every benchmark, one after the other; figures are kept under build/bench/.

Ends with the table of targets, from what this run measured. Exits 1 if one of them says that its
bound is broken, after all have run.
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
    "recovery",
    "meter --rounds 1",
    "visible",
    "all_in_one",
    "end_to_end --rates 100",
    "broker_down",
    "scaling",
    "isolation",
    "tails",
)


def main() -> int:
    """Run them all in processes of their own."""
    broken = []
    began_s = time.time()
    for name in BENCHMARKS:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", *f"tests.bench.{name}".split()]).returncode:
            broken.append(name)
    print(f"\n{len(BENCHMARKS) - len(broken)} of {len(BENCHMARKS)} within their bounds", *broken)
    print(f"\n{table(began_s)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

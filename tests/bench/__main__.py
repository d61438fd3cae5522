"""`make bench`: every benchmark, one after the other; figures are kept under build/bench/.

Exits 1 if one of them says that its bound is broken, after all have run.
"""

import subprocess
import sys

BENCHMARKS = (
    "records",
    "publish",
    "spill",
    "archive",
    "analytics",
    "deliveries",
    "relay",
    "recovery",
    "meter --rounds 1",
    "visible",
    "broker_down",
    "scaling",
    "isolation",
    "tails",
)


def main() -> int:
    """Run them all in processes of their own."""
    broken = []
    for name in BENCHMARKS:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", *f"tests.bench.{name}".split()]).returncode:
            broken.append(name)
    print(f"\n{len(BENCHMARKS) - len(broken)} of {len(BENCHMARKS)} within their bounds", *broken)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

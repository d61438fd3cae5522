"""`make bench`: every benchmark, one after the other; figures are kept under build/bench/.

    python -m tests.bench [--full] [--only relay,growth] [--interpreted]

Measures the compiled build, as a wheel has it, or the sources as they are: where there is no C
compiler, or where they are asked for. About 17 minutes. `make bench-full` takes the longer forms,
and adds what takes long: gateways of others, a million users, restarts of workers and proxies, 200
who watch, how cost grows, what a server of our own would bring, half an hour of soak. Ends with the
table of targets, from what this run measured. Exits 1 if one of them says that its bound is broken,
after all have run.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping

from tests.bench.targets import table
from tests.support.compiled import compiled, environ, why_not

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
    "visible --exchanges 20000",
    "all_in_one",
    "end_to_end --rates 100",
    "broker_down",
)
LONGER = {
    "meter --rounds 1": "meter --rounds 3",
    "end_to_end --rates 100": "end_to_end",
    "recovery": "recovery --users 1000000",
    "visible --exchanges 20000": "visible",
}
MORE = (
    "peers",
    "scaling",
    "isolation",
    "tails",
    "growth --full",
    "own_server",
    "soak --minutes 30",
)


def chosen(full: bool, only: Collection[str] = ()) -> list[str]:
    """What is run, with its arguments; those named in `only`, the longer ones too."""
    everything = [*(LONGER.get(name, name) for name in BENCHMARKS), *MORE]
    if not only:
        return everything if full else [*BENCHMARKS]
    found = everything if full else [*BENCHMARKS, *MORE]
    unknown = set(only) - {name.split()[0] for name in found}
    if unknown:
        raise ValueError(f"no benchmark of this name: {', '.join(sorted(unknown))}")
    return [name for name in found if name.split()[0] in only]


def times(took_s: Mapping[str, float]) -> str:
    """How long each took, the longest first, and all of them."""
    ordered = sorted(took_s.items(), key=lambda item: -item[1])
    lines = [f"{seconds:6.0f} s  {name}" for name, seconds in ordered]
    return "\n".join([*lines, f"{sum(took_s.values()) / 60:.0f} minutes"])


def measured(interpreted: bool) -> Mapping[str, str]:
    """The environment of what is measured: with the compiled build, if there can be one."""
    lacking = why_not()
    if interpreted or lacking:
        print("not compiled:", "as you wish" if interpreted else lacking)
        return os.environ
    return environ(compiled())


def main() -> int:
    """Run them all in processes of their own."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", metavar="NAME,NAME")
    parser.add_argument("--interpreted", action="store_true")
    arguments = parser.parse_args()
    try:
        names = chosen(arguments.full, [each for each in arguments.only.split(",") if each])
    except ValueError as error:
        parser.error(str(error))
    env = measured(arguments.interpreted)
    broken, took_s, began_s = [], dict[str, float](), time.time()
    for name in names:
        print(f"\n== {name}", flush=True)
        since_s = time.time()
        command = [sys.executable, "-m", *f"tests.bench.{name}".split()]
        if subprocess.run(command, env=env).returncode:
            broken.append(name)
        took_s[name] = time.time() - since_s
        print(f"{took_s[name]:.0f} s", flush=True)
    print(f"\n{len(names) - len(broken)} of {len(names)} within their bounds", *broken)
    print(times(took_s))
    print(f"\n{table(began_s)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

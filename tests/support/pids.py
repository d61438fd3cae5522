"""Whether processes are gone, zombies that nobody has reaped yet among them."""

import subprocess
import time


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not reaped does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def until_gone(*pids: int, timeout_s: float = 15) -> None:
    """Wait until none of them runs; fail naming those that do."""
    deadline = time.monotonic() + timeout_s
    while left := [pid for pid in pids if alive(pid)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)


def children_of(pid: int) -> dict[int, str]:
    """Command lines of a process's children, by their ids."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()]
    return {int(row[0]): row[2] for row in rows if len(row) == 3 and int(row[1]) == pid}

"""Runs a command that ends when the process which started it ends, killed ones included.

`python leash.py <parent pid> <command…>`. On Linux the kernel does it (prctl(2), PR_SET_PDEATHSIG):
this process asks for it and then becomes the command. Elsewhere (or with `watch` for the pid) it
stays as the command's parent and reads its standard input, a pipe that ends with whoever holds
the other end. Standard library alone, so that it starts in a few milliseconds.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType

PR_SET_PDEATHSIG = 1
WATCH = "watch"
EXIT_PARENT_GONE = 70
SIGNALLED = 128


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns only if it cannot become it, else with its exit code."""
    parent, command = arguments[0], arguments[1:]
    if parent == WATCH:
        return watch(command)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == int(parent):
        os.execvp(command[0], list(command))  # noqa: S606 - the command is ours, no shell is wanted
    return EXIT_PARENT_GONE


def watch(command: Sequence[str]) -> int:
    """Run the command until it ends, or kill it at the end of our standard input."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command

    def pass_on(signum: int, frame: FrameType | None) -> None:
        del frame
        child.send_signal(signum)

    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, pass_on)
    threading.Thread(target=_kill_at_end_of_input, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else SIGNALLED - code


def _kill_at_end_of_input(child: "subprocess.Popen[bytes]") -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    child.kill()


def leashed(command: Sequence[str], *, platform: str = sys.platform) -> list[str]:
    """The command, to be started with a pipe as its standard input, on our leash."""
    parent = str(os.getpid()) if platform == "linux" else WATCH
    return [sys.executable, "-I", "-S", __file__, parent, *command]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

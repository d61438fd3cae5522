import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded import leash
from tests.support.pids import until_gone

# A parent that starts a child on the leash, tells its pid, and waits.
PARENT = """
import subprocess, sys, time
from app.embedded import leash
command = [sys.executable, "-c", "import os,time; print(os.getpid(), flush=True); time.sleep(600)"]
line = leash.leashed(command, platform=sys.argv[1])
child = subprocess.Popen(line, stdin=subprocess.PIPE, start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""
MODES = ["watch", *(["linux"] if sys.platform == "linux" else [])]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_does_not_outlive_its_parent(mode: str, signum: int) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, mode], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(signum)
        parent.wait(10)
        until_gone(*pids)


@pytest.mark.parametrize("mode", MODES)
def test_exit_code_and_output_are_the_commands(mode: str) -> None:
    command = [sys.executable, "-c", "print('here'); raise SystemExit(7)"]
    line = leash.leashed(command, platform=mode)
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.read() == b"here\n"
        assert child.wait(10) == 7


@pytest.mark.parametrize("mode", MODES)
def test_sigterm_reaches_the_command(mode: str, tmp_path: Path) -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    line = leash.leashed([sys.executable, "-c", script], platform=mode)
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        child.terminate()
        assert child.wait(10) == 9


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's leash is Linux's: run on Linux")
def test_a_parent_that_is_gone_already_starts_nothing() -> None:
    line = [sys.executable, leash.__file__, "1", sys.executable, "-c", "print('started')"]
    done = subprocess.run(line, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (leash.EXIT_PARENT_GONE, b"")

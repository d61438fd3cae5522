from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.embedded.children import LOG_LIMIT_BYTES, Child
from app.errors import StartError
from tests.support.children import DEAF, SERVE, spec
from tests.support.pids import alive


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Child]:
    child = Child(spec(tmp_path))
    await child.start()
    yield child
    child.kill()
    await child.stop()


async def test_start_returns_when_it_serves_and_stop_when_it_is_gone(running: Child) -> None:
    pid = running.pid
    assert pid is not None
    assert alive(pid)
    await running.stop()
    assert not alive(pid)
    assert running.pid is None
    assert await running.wait() == "SIGTERM"


async def test_a_second_stop_does_nothing(running: Child) -> None:
    await running.stop()
    await running.stop()
    assert running.pid is None


async def test_stop_before_start_does_nothing(tmp_path: Path) -> None:
    child = Child(spec(tmp_path))
    await child.stop()
    assert child.pid is None


async def test_it_can_be_started_again_after_a_kill(running: Child) -> None:
    first = running.pid
    running.kill()
    assert await running.wait() == "SIGKILL"
    await running.start()
    assert running.pid not in {None, first}


async def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, DEAF, stop_timeout_s=0.2))
    await child.start()
    await child.stop()
    assert await child.wait() == "SIGKILL"


async def test_one_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "print('first'); print('no disk left'); raise SystemExit(3)"))
    with pytest.raises(StartError, match=r"thing ended with exit code 3; see .*: no disk left$"):
        await child.start()
    assert child.last_lines(2) == "first\nno disk left"


async def test_one_that_never_serves_is_ended(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "import time; time.sleep(600)", start_timeout_s=0.3))
    with pytest.raises(StartError, match="does not answer"):
        await child.start()
    assert child.pid is None


async def test_its_environment_is_the_given_one(tmp_path: Path) -> None:
    script = (
        "import os; print(sorted(n for n in os.environ if n != 'LC_CTYPE'), flush=True); " + SERVE
    )
    child = Child(spec(tmp_path, script))
    await child.start()
    await child.stop()
    assert child.last_lines() in {"[]", "['__CF_USER_TEXT_ENCODING']"}


async def test_a_log_grown_too_large_is_put_aside(tmp_path: Path) -> None:
    child = Child(spec(tmp_path))
    log = child.spec.log_path
    log.parent.mkdir()
    with log.open("wb") as file:
        file.truncate(LOG_LIMIT_BYTES + 1)
    await child.start()
    await child.stop()
    assert log.stat().st_size < LOG_LIMIT_BYTES
    assert log.with_suffix(".log.1").exists()
    assert log.stat().st_mode & 0o077 == 0

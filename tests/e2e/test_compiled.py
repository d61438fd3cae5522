"""The compiled build, of which wheels are made, keeps what the sources promise."""

import subprocess
import sys

import pytest

from tests.support.compiled import compiled, environ, why_not
from tests.support.house.sources import REPO
from tests.support.required import skip_or_fail

KEPT = (
    "tests/golden",
    "tests/property",
    "tests/unit/app/record",
    "tests/unit/proxy",
    "tests/unit/agents",
    "tests/unit/tables",
    "tests/unit/app/pricing",
    "tests/contract/app",
    "tests/contract/proxy",
    *sorted(map(str, (REPO / "tests" / "e2e").glob("test_relay_*.py"))),
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_compiled_build_passes_the_tests_of_relay_record_and_meter() -> None:
    """Those that take no broker; each of its processes has the compiled modules."""
    if lacking := why_not():
        skip_or_fail(lacking, "TAILRACE_REQUIRE_COMPILER")
    build = compiled()
    env = environ(build)
    where = "import proxy.relay.call as call, app.record.draft as draft; print(call, draft)"
    asked = subprocess.run([sys.executable, "-c", where], env=env, capture_output=True, text=True)
    assert asked.stdout.count(str(build)) == asked.stdout.count(".so") == 2, asked
    done = subprocess.run(
        (
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-o", f"pythonpath={build} {REPO}", "-m", "not kafka and not interpreted"),
            *KEPT,
        ),
        cwd=REPO,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]

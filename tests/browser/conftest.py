"""What the tests of the browser share."""

import sys
from collections.abc import Iterator

import pytest

from tests.support.browser import require_browser
from tests.support.embedded import ABSENT
from tests.support.processes import Process


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Everything that `tailrace up` starts, once for all tests of the browser."""
    require_browser()
    if ABSENT:
        pytest.skip(f"embedded services: no {' '.join(ABSENT)}: pip install 'tailrace[embedded]'")
    command = [sys.executable, "-m", "app", "up"]
    hooks = {"webhooks__allow_private": "true", "webhooks__allow_http": "true"}
    data_dir = tmp_path_factory.mktemp("browser") / "data"
    process = Process(data_dir, command=command, **hooks).start()
    yield process
    process.stop()

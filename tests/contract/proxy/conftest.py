"""The client on sockets runs on uvloop as well."""

import pytest

from tests.support.loops import ASYNCIO, BOTH, Loops

ON_BOTH = frozenset({"test_upstream_passing.py", "test_upstream_told.py"})


def pytest_asyncio_loop_factories(item: pytest.Item) -> Loops:
    """The loops that a test runs on."""
    return BOTH if item.path.name in ON_BOTH else ASYNCIO

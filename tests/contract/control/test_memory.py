"""The twin passes the suite."""

import pytest

from app.control.memory import MemoryControl
from tests.contract.control.conformance import Conformance


class TestMemory(Conformance):
    """In a dict."""

    @pytest.fixture
    def control(self) -> MemoryControl:
        return MemoryControl()

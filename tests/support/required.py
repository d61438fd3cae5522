"""What a machine may lack: tests that need it skip, and fail where the environment requires it."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(reason: str, variable: str, *, named: str = "") -> NoReturn:
    """Skip for the reason, which `named` precedes; fail where that variable is set."""
    if os.environ.get(variable):
        pytest.fail(f"{variable} is set, but there is {reason}")
    pytest.skip(named + reason)

"""Fixtures for all tests, and the closing line for each skipped group."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings

# The same examples at every run: a change is judged by what it changed. New ones are looked for
# by hand: `pytest tests/property --hypothesis-profile explore`.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile(
    "explore", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")

pytest_plugins = [
    "tests.support.analytics",
    "tests.support.kafka",
    "tests.support.ordering",
    "tests.support.seaweed",
    "tests.support.upstream_world",
]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line per group of skipped tests: how many, why, and how to get what is missing."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        longrepr = report.longrepr
        reasons[longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)] += 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not run: {count} tests: {reason.removeprefix('Skipped: ')}")

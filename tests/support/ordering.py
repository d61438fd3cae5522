"""The order of a run: fast tests first, then slow ones, the embedded services, Apache Kafka."""

from collections.abc import Container

import pytest

GROUPS = ("slow", "embedded", "kafka", "chaos")


def rank(markers: Container[str]) -> int:
    """0 for a fast test; else 1 and more, by the costliest group that it belongs to."""
    ranks = [number for number, name in enumerate(GROUPS, 1) if name in markers]
    return max(ranks, default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by group; within one, the order stays."""
    items.sort(key=lambda item: rank({mark.name for mark in item.iter_markers()}))

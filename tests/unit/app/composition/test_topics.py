"""Every topic that a deployment's settings mean."""

import pytest

from app.composition.topics import DeployedTopics
from app.errors import StartError
from config import Settings, sections


def deployed() -> DeployedTopics:
    kafka = sections.KafkaSettings(bootstrap_servers="127.0.0.1:1", topic_prefix="p", partitions=5)
    return DeployedTopics(Settings(kafka=kafka))


async def test_sources_and_changelogs() -> None:
    names = [spec.name for spec in deployed().specs()]
    assert {"p.exchanges", "p.bodies", "tailrace-p-users-changelog"} <= set(names)
    assert len(names) == len(set(names))


async def test_without_a_broker_neither_made_nor_checked() -> None:
    with pytest.raises(StartError):
        await deployed().create()
    with pytest.raises(StartError):
        await deployed().differences()

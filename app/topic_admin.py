"""Making and describing topics on the broker, by Kafka's public admin protocol.

Safe to call again and again, and by several processes at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from app.errors import Unavailable
from app.record.topics import TopicSpec
from app.topic_check import FoundTopic, check_partitions

logger = logging.getLogger(__name__)
VALUE_PLACE = 1
NAME_PLACE = 0
RESOURCE_CONFIGS = 4
RESOURCE_NAME = 3
SETTLE_TIMEOUT_S = 10.0
SETTLE_POLL_S = 0.05


async def ensure_topics(
    specs: Iterable[TopicSpec],
    *,
    partitions: int,
    replication_factor: int,
    connection: Mapping[str, Any],
) -> list[str]:
    """Create those topics that are missing, and return their names; the others stay as they are.

    All of them are known to the broker with their partitions when this returns: a broker answers
    the creation before its metadata has it.
    `partitions` holds for a spec that names no count; `connection` are aiokafka's options
    (`bootstrap_servers`, security). Several processes may do this at once.
    Raises: Unavailable when no broker answers or one refuses a topic; StartError for a topic that
    has another number of partitions.
    """
    wanted = list(specs)
    async with _admin(connection) as admin:
        present = await _topics(admin)
        half_made = [spec.name for spec in wanted if _half_made(present, spec.name)]
        if half_made:
            present = await _settled(admin, half_made)
        check_partitions(wanted, present, partitions)
        missing = [
            NewTopic(
                spec.name,
                spec.partitions or partitions,
                replication_factor,
                topic_configs=dict(spec.configs),
            )
            for spec in wanted
            if spec.name not in present
        ]
        if not missing:
            return []
        names = created((await admin.create_topics(missing)).topic_errors)
        await _settled(admin, [spec.name for spec in wanted])
    return names


async def describe_topics(
    names: Sequence[str], connection: Mapping[str, Any]
) -> dict[str, FoundTopic]:
    """Those of the topics that are there, with their configurations. Raises: Unavailable."""
    async with _admin(connection) as admin:
        present = await _topics(admin)
        there = [name for name in names if name in present]
        configs = await _configs(admin, there)
    return {
        name: FoundTopic(present[name].partitions, present[name].replicas, configs.get(name, {}))
        for name in there
    }


@asynccontextmanager
async def _admin(connection: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**connection)
    try:
        await admin.start()
        yield admin
    except (KafkaError, OSError) as error:
        raise Unavailable(f"topics cannot be made or read: {error}") from error
    finally:
        await admin.close()


async def _topics(admin: AIOKafkaAdminClient) -> dict[str, FoundTopic]:
    """Every topic of the cluster, without configurations."""
    return {
        topic["topic"]: FoundTopic(
            len(topic["partitions"]),
            min((len(each["replicas"]) for each in topic["partitions"]), default=0),
        )
        for topic in await admin.describe_topics()
    }


def _half_made(present: Mapping[str, FoundTopic], name: str) -> bool:
    return name in present and present[name].partitions == 0


async def _settled(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, FoundTopic]:
    """Every topic of the cluster, once those named are there with partitions."""
    try:
        async with asyncio.timeout(SETTLE_TIMEOUT_S):
            while True:
                present = await _topics(admin)
                if all(name in present and present[name].partitions for name in names):
                    return present
                await asyncio.sleep(SETTLE_POLL_S)
    except TimeoutError as error:
        raise Unavailable(
            f"topics made {SETTLE_TIMEOUT_S:.0f} s ago are not known to the broker yet:"
            f" {', '.join(names)}"
        ) from error


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(resources)
    return {
        resource[RESOURCE_NAME]: {
            entry[NAME_PLACE]: entry[VALUE_PLACE] for entry in resource[RESOURCE_CONFIGS]
        }
        for answer in answers
        for resource in answer.resources
    }


def created(answers: Iterable[tuple[Any, ...]]) -> list[str]:
    """The names the broker created; one made by somebody else meanwhile is as good."""
    names = []
    for name, code, *_ in answers:
        error = for_code(code)
        if code == 0:
            names.append(name)
        elif error is not TopicAlreadyExistsError:
            raise Unavailable(f"the broker refuses topic {name}: {error.__name__}")
    if names:
        logger.info("topics made: %s", ", ".join(names))
    return names

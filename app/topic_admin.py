"""Making topics on the broker, by Kafka's public admin protocol; safe to call again and again."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from app.errors import Unavailable
from app.record.topics import TopicSpec

logger = logging.getLogger(__name__)


async def ensure_topics(
    specs: Iterable[TopicSpec],
    *,
    partitions: int,
    replication_factor: int,
    connection: Mapping[str, Any],
) -> list[str]:
    """Create those topics that are missing, and return their names; the others stay as they are.

    `partitions` holds for a spec that names no count; `connection` are aiokafka's options
    (`bootstrap_servers`, security). Several processes may do this at once.
    Raises: Unavailable when no broker answers or one refuses a topic.
    """
    admin = AIOKafkaAdminClient(**connection)
    try:
        await admin.start()
        present = set(await admin.list_topics())
        missing = [
            NewTopic(
                spec.name,
                spec.partitions or partitions,
                replication_factor,
                topic_configs=dict(spec.configs),
            )
            for spec in specs
            if spec.name not in present
        ]
        if not missing:
            return []
        response = await admin.create_topics(missing)
    except (KafkaError, OSError) as error:
        raise Unavailable(f"topics cannot be made: {error}") from error
    finally:
        await admin.close()
    return created(response.topic_errors)


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

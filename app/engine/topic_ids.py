"""Topic ids: what tells a topic from one of the same name that was made anew.

Kafka gives every topic a UUID when it is created (KIP-516) and answers it from Metadata v10 on;
aiokafka stops at v5, so the request is spelled out here (Metadata v12, flexible encoding, fields
as in Kafka's `MetadataRequest.json` and `MetadataResponse.json`). An epoch made from the id changes
exactly when offsets start again at 0.
"""

from io import BytesIO
from typing import Any, cast
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from app.errors import Unavailable

METADATA_KEY = 3
METADATA_VERSION = 12
NO_ID = UUID(int=0)


class Uuid(AbstractType[bytes]):
    """Sixteen raw bytes, Kafka's `uuid` type."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        """The bytes as they are."""
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        """The next sixteen bytes."""
        return data.read(16)


_PARTITION = (
    ("error_code", Int16),
    ("partition_index", Int32),
    ("leader_id", Int32),
    ("leader_epoch", Int32),
    ("replica_nodes", CompactArray(Int32)),
    ("isr_nodes", CompactArray(Int32)),
    ("offline_replicas", CompactArray(Int32)),
    ("tags", TaggedFields),
)
_TOPIC = (
    ("error_code", Int16),
    ("name", CompactString("utf-8")),
    ("topic_id", Uuid),
    ("is_internal", Boolean),
    ("partitions", CompactArray(*_PARTITION)),
    ("topic_authorized_operations", Int32),
    ("tags", TaggedFields),
)
_BROKER = (
    ("node_id", Int32),
    ("host", CompactString("utf-8")),
    ("port", Int32),
    ("rack", CompactString("utf-8")),
    ("tags", TaggedFields),
)


class MetadataResponseV12(Response):
    """Brokers and topics, each topic with its id."""

    API_KEY = METADATA_KEY
    API_VERSION = METADATA_VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(*_BROKER)),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        ("topics", CompactArray(*_TOPIC)),
        ("tags", TaggedFields),
    )


class MetadataRequestV12(RequestStruct):
    """Asks for some topics by name, creating none."""

    API_KEY = METADATA_KEY
    API_VERSION = METADATA_VERSION
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = MetadataResponseV12
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields)
            ),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicIdRequest(Request[MetadataRequestV12]):
    """Builds the v12 request; a broker that does not know it is an error of aiokafka's."""

    API_KEY = METADATA_KEY

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[MetadataRequestV12]) -> MetadataRequestV12:
        """The request for all topics at once."""
        no_tags: dict[int, bytes] = {}
        wanted = [(NO_ID.bytes, name, no_tags) for name in self._topics]
        return request_struct_class(wanted, False, False, no_tags)


async def topic_ids(topics: list[str], **client_options: Any) -> dict[str, UUID]:
    """The ids of those of `topics` that exist; empty for a broker that knows no topic ids.

    `client_options` are aiokafka's connection options (`bootstrap_servers`, security).
    Raises: Unavailable when no broker answers.
    """
    client = AIOKafkaClient(**client_options)
    try:
        await client.bootstrap()
        response = await client.send(client.get_random_node(), TopicIdRequest(topics))
    except NotImplementedError:
        return {}  # aiokafka's word for "the broker does not know this version"
    except (KafkaError, OSError) as error:
        raise Unavailable(f"no broker answered: {error}") from error
    finally:
        await client.close()
    found = cast("list[dict[str, Any]]", response.to_object()["topics"])
    ids = {topic["name"]: UUID(bytes=topic["topic_id"]) for topic in found}
    return {name: topic_id for name, topic_id in ids.items() if topic_id != NO_ID}

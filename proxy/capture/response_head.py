"""What the head of a response says of its body, and by which names."""

from functools import lru_cache
from typing import Final

EVENT_STREAM: Final = "text/event-stream"
OBJECT_STREAMS: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
"""JSON objects one after the other, a line each (ndjson.org, jsonlines.org)."""


class ResponseHead:
    """What the head of a response says of its body."""

    __slots__ = ("content_encoding", "content_type", "status")

    def __init__(self, status: int, content_type: str, content_encoding: str) -> None:
        self.status = status
        self.content_type = content_type
        self.content_encoding = content_encoding

    @property
    def media_type(self) -> str:
        """The content type in lower case, without its parameters."""
        return media_type_of(self.content_type)


@lru_cache(maxsize=256)
def media_type_of(content_type: str) -> str:
    """A content type in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()

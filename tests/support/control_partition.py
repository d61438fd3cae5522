"""The control topic's partition in memory: what a `ControlTopic` reads and writes, with faults."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError

from app.control import topic
from app.control.topic import ControlTopic
from app.errors import Unavailable
from app.plain_producer import Outgoing

TURN_S = 0.005


class Message(NamedTuple):
    """One that was read."""

    offset: int
    key: bytes | None
    value: bytes | None


class Partition:
    """All messages since the topic was made, and as many processes as are wanted.

    `is_away`: nobody is answered, and reading goes on in silence, as aiokafka's does. `refuses`
    says which writes fail, by the first key of each.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Empty; whoever connects from now on gets to it."""
        self.messages: list[tuple[bytes, bytes | None]] = []
        self.is_away = False
        self.asked = 0
        self.refuses: Callable[[bytes], bool] = lambda key: False
        monkeypatch.setattr(topic, "PlainConsumer", lambda **options: Consumer(self))
        monkeypatch.setattr(topic, "PlainProducer", lambda *args, **options: Producer(self))

    @property
    def entries(self) -> dict[bytes, bytes]:
        """What compaction would leave."""
        return {key: value for key, value in dict(self.messages).items() if value is not None}

    def process(self, path: Path) -> ControlTopic:
        """One that follows it, with its snapshot at `path`."""
        return ControlTopic({}, "t.control", path, backoff_s=0.02)


class Consumer:
    """What is used of aiokafka's."""

    def __init__(self, partition: Partition) -> None:
        self._partition = partition
        self._position = 0

    async def start(self) -> None:
        if self._partition.is_away:
            raise KafkaConnectionError("nobody is there")

    async def stop(self) -> None:
        pass

    def assign(self, tps: Sequence[Any]) -> None:
        pass

    def seek(self, tp: Any, offset: int) -> None:
        self._position = offset

    async def position(self, tp: Any) -> int:
        return self._position

    async def beginning_offsets(self, tps: Sequence[Any]) -> dict[Any, int]:
        return {tps[0]: 0}

    async def end_offsets(self, tps: Sequence[Any]) -> dict[Any, int]:
        self._partition.asked += 1
        while self._partition.is_away:
            await asyncio.sleep(TURN_S)
        return {tps[0]: len(self._partition.messages)}

    async def getmany(self, timeout_ms: int) -> dict[Any, list[Message]]:
        for _ in range(max(1, round(timeout_ms / 1000 / TURN_S))):
            await asyncio.sleep(TURN_S)
            if self._partition.is_away:
                continue
            messages = self._partition.messages
            if self._position > len(messages):
                raise OffsetOutOfRangeError({"t.control": self._position})
            if fresh := messages[self._position :]:
                begin, self._position = self._position, len(messages)
                return {"tp": [Message(at, *each) for at, each in enumerate(fresh, begin)]}
        return {}


class Producer:
    """What is used of a `PlainProducer`."""

    def __init__(self, partition: Partition) -> None:
        self._partition = partition

    async def write(self, messages: Sequence[Outgoing]) -> list[int]:
        await asyncio.sleep(0)
        offsets = []
        for each in messages:
            key = each.key or b""
            if self._partition.is_away or self._partition.refuses(key):
                raise Unavailable("no broker takes it")
            offsets.append(len(self._partition.messages))
            self._partition.messages.append((key, each.value))
        return offsets

    async def close(self) -> None:
        pass

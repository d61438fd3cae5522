"""The `control` topic, followed by a plain consumer of no group; puts by a plain producer.

At each connection the topic is read whole, from its first offset to its end as it is then, and the
state becomes what was read: an entry that was removed while this process was away is gone. A topic
without a single message, or shorter than this process has seen it, is one that was made anew: what
this process knows is put back, and nothing of it is forgotten before all of it is there again.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from random import random
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from app.control import snapshot
from app.control.contents import CLAIM, Contents
from app.control.contract import OnChange
from app.control.entries import encode_name, encode_value
from app.control.state import ControlState
from app.engine.backoff import Backoff
from app.engine.plain_consumer import PlainConsumer
from app.errors import Unavailable
from app.plain_producer import Outgoing, PlainProducer
from app.tasks import spawn

logger = logging.getLogger(__name__)
# The broker answers at once when there is something: until then, nobody need be asked again.
POLL_MS = 5_000
# Longer than a poll: the answer comes behind that of the fetch that waits at the broker.
ANSWER_TIMEOUT_S = 8.0
# Longer than a write of whoever puts back may take.
SILENT_MS = 15_000
PORTION = 20
CLAIM_BYTES = 8
LIVE_TIMEOUT_S = 30.0
SEEN_TIMEOUT_S = 5.0
BACKOFF_FIRST_S, BACKOFF_S = 0.1, 2.0
PUT_TIMEOUT_S = 10.0
SAVE_AGAIN_S = 2.0
CONNECT_TIMEOUT_S = 15.0


class ControlTopic:
    """A `Control` on the broker."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        topic: str,
        path: Path,
        *,
        backoff_s: float = BACKOFF_S,
        put_timeout_s: float = PUT_TIMEOUT_S,
    ) -> None:
        """What the snapshot at `path` holds is known from here on; nothing is connected.

        `connection` are aiokafka's options; `backoff_s` is the longest wait between connections.
        """
        self._connection = dict(connection)
        self._tp = TopicPartition(topic, 0)
        self._path = path
        self._state = ControlState()
        self._state.replace(snapshot.read(path))
        self._backoff = Backoff(BACKOFF_FIRST_S, backoff_s, random)
        self._producer = PlainProducer(connection, timeout_s=put_timeout_s)
        self._claim = encode_value(b'"%s"' % secrets.token_hex(CLAIM_BYTES).encode())
        self._is_anew = False
        self._next_offset = 0
        self._moved = asyncio.Event()
        self._live = asyncio.Event()
        self._word = "snapshot" if self._state.raw else "starting"
        self._complaint = ""
        self._unsaved = asyncio.Event()
        self._writing: asyncio.Task[bool] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # -- life

    async def start(self) -> None:
        """Follow the topic in the background, whether there is a broker or not."""
        self._tasks = [
            spawn(self._follow_always(), name="control"),
            spawn(self._save_always(), name="control-snapshot"),
        ]

    async def stop(self) -> None:
        """Let go of connections, with the snapshot written; what was put is durable already."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []
        # A thread cannot be cancelled: nobody may take the directory away beneath it.
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._unsaved.is_set():
            await self._save()
        await self._producer.close()

    # -- what others see

    @property
    def state(self) -> str:
        """`live`, `starting`, `snapshot` or `stale`."""
        return self._word

    def get(self, kind: str, key: str) -> bytes | None:
        """One entry's value."""
        return self._state.get(kind, key)

    def items(self, kind: str) -> dict[str, bytes]:
        """All entries of a kind."""
        return self._state.items(kind)

    def on_change(self, kind: str, callback: OnChange) -> None:
        """Call back for what is there, and for changes."""
        self._state.on_change(kind, callback)

    async def put(self, kind: str, key: str, value: bytes | None) -> None:
        """Replace or remove an entry. Raises: Unavailable, RecordError."""
        name = encode_name(kind, key)
        raw = None if value is None else encode_value(value)
        # What comes first in a topic made anew would pass for all that there is.
        await self._wait_live(SEEN_TIMEOUT_S)
        offset = await self._write([(name, raw)])
        try:
            async with asyncio.timeout(SEEN_TIMEOUT_S):
                while self._next_offset <= offset:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError as exc:
            raise Unavailable("the control topic took it, and is not read back yet") from exc

    async def until_live(self) -> None:
        """Wait until the topic was read whole. Raises: Unavailable after half a minute."""
        await self._wait_live(LIVE_TIMEOUT_S)

    async def _wait_live(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._live.wait()
        except TimeoutError as exc:
            raise Unavailable("the control topic cannot be read") from exc

    # -- following

    async def _follow_always(self) -> None:
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError, TimeoutError, Unavailable) as error:
                self._lost(error)
            await asyncio.sleep(self._backoff.next_s())

    def _lost(self, error: Exception) -> None:
        if self._live.is_set():
            self._live.clear()
            self._word = "stale"
        if (text := repr(error)) != self._complaint:
            logger.warning("the control topic cannot be read now: %s", text)
            self._complaint = text

    async def _follow(self) -> None:
        consumer = PlainConsumer(
            **self._connection,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=POLL_MS,
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await consumer.start()
                consumer.assign([self._tp])
                begin = (await consumer.beginning_offsets([self._tp]))[self._tp]
                end = (await consumer.end_offsets([self._tp]))[self._tp]
            consumer.seek(self._tp, begin)
            found = Contents()
            await self._read_until(consumer, found, end)
            self._is_anew = self._is_anew or end == 0 or end < self._next_offset
            if self._is_anew or found.claim is not None:
                await self._complete(consumer, found)
            self._adopt(found, await consumer.position(self._tp))
            await self._tail(consumer)
        finally:
            await consumer.stop()

    async def _read_until(self, consumer: Any, found: Contents, end: int) -> None:
        while await consumer.position(self._tp) < end:
            for message in await self._poll(consumer, POLL_MS):
                found.take(message.key, message.value)

    def _adopt(self, found: Contents, next_offset: int) -> None:
        """Become what was read."""
        self._become(found.entries)
        self._advance(next_offset)
        self._backoff.reset()
        self._is_anew = False
        self._word, self._complaint = "live", ""
        self._live.set()

    def _become(self, raw: Mapping[bytes, bytes]) -> None:
        if self._state.replace(raw):
            self._unsaved.set()

    # -- a topic made anew

    async def _complete(self, consumer: Any, found: Contents) -> None:
        """Return once all that this process knows is there, whoever put it back."""
        while True:
            missing = found.missing(self._state.raw)
            self._become(missing | found.entries)
            if found.claim == self._claim:
                await self._put_back(consumer, found, missing)
            elif not missing:
                return
            elif found.claim is None:
                claimed = await self._write([(CLAIM, self._claim)])
                await self._read_until(consumer, found, claimed + 1)
            elif await self._is_silent(consumer, found):
                await self._put_back(consumer, found, missing)

    async def _put_back(
        self, consumer: Any, found: Contents, missing: Mapping[bytes, bytes]
    ) -> None:
        """Put the entries of the topic's former life again, and remove the claim."""
        entries = iter(missing.items())
        while portion := list(islice(entries, PORTION)):
            await self._write(portion)
        whole = await self._write([(CLAIM, None)])
        await self._read_until(consumer, found, whole + 1)

    async def _is_silent(self, consumer: Any, found: Contents) -> bool:
        """Whether whoever claimed the topic is not there any more; else its news are taken in."""
        messages = await self._poll(consumer, SILENT_MS)
        for message in messages:
            found.take(message.key, message.value)
        return not messages

    async def _write(self, entries: Iterable[tuple[bytes, bytes | None]]) -> int:
        """The last one's offset, once all are durable. Raises: Unavailable."""
        tp = self._tp
        sent = [Outgoing(tp.topic, key, value, tp.partition) for key, value in entries]
        return (await self._producer.write(sent))[-1]

    # -- the tail

    async def _tail(self, consumer: Any) -> None:
        while True:
            for message in await self._poll(consumer, POLL_MS):
                if message.key != CLAIM and self._state.apply(message.key, message.value):
                    self._unsaved.set()
                self._advance(message.offset + 1)

    async def _poll(self, consumer: Any, timeout_ms: int) -> list[Any]:
        """What came in time. Raises: KafkaError, TimeoutError where the broker does not answer."""
        batches = await consumer.getmany(timeout_ms=timeout_ms)
        if not batches:
            # The consumer says nothing of a broker that is away: only a question finds out.
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await consumer.end_offsets([self._tp])
        return [message for batch in batches.values() for message in batch]

    def _advance(self, next_offset: int) -> None:
        self._next_offset = next_offset
        self._moved.set()

    # -- the snapshot

    async def _save_always(self) -> None:
        while True:
            await self._unsaved.wait()
            self._writing = spawn(self._save(), name="control-write")
            if not await asyncio.shield(self._writing):
                await asyncio.sleep(SAVE_AGAIN_S)

    async def _save(self) -> bool:
        """Whether the snapshot was written; if not, there is something unsaved still."""
        self._unsaved.clear()
        try:
            await asyncio.to_thread(snapshot.write, self._path, self._state.raw)
        except OSError as error:
            logger.warning("no snapshot of the control topic: %s", error)
            self._unsaved.set()
            return False
        return True

"""What every object store must do: the twin in memory, and S3 on a real server."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator

import pytest

from app.errors import SinkRefused
from app.sinks.archive.memory import MemoryStore
from app.sinks.archive.s3 import S3Store
from app.sinks.archive.store import ObjectStore
from tests.support.seaweed import Seaweed

PART = os.urandom(5 << 20)


class Conformance:
    """The suite."""

    @pytest.fixture
    def key(self) -> str:
        return f"tenant/2026-01-01/{uuid.uuid4().hex}/a+b c/0/1-2"

    async def test_what_is_put_is_read_in_any_range(self, store: ObjectStore, key: str) -> None:
        data = bytes(range(256)) * 40
        await store.put(key, data)
        assert await store.get(key, 0, len(data)) == data
        assert await store.get(key, 1000, 24) == data[1000:1024]
        assert await store.get(key, len(data) - 1, 1) == data[-1:]
        assert store.state == "ok"

    async def test_a_range_over_the_end_is_cut(self, store: ObjectStore, key: str) -> None:
        await store.put(key, b"0123456789")
        assert await store.get(key, 8, 100) == b"89"
        assert await store.get(key, 10, 5) == b""
        assert await store.get(key, 3, 0) == b""

    async def test_an_object_that_is_not_there_is_none(self, store: ObjectStore, key: str) -> None:
        assert await store.get(key, 0, 10) is None
        assert store.state == "ok"

    async def test_put_again_changes_nothing(self, store: ObjectStore, key: str) -> None:
        for _ in range(2):
            await store.put(key, b"the same")
        assert await store.get(key, 0, 100) == b"the same"

    async def test_a_large_object_comes_back(self, store: ObjectStore, key: str) -> None:
        data = PART + PART[::-1]
        await store.put(key, data)
        assert await store.get(key, 0, len(data)) == data

    async def test_many_at_once(self, store: ObjectStore, key: str) -> None:
        await asyncio.gather(*(store.put(f"{key}-{n}", b"%d" % n) for n in range(40)))
        read = await asyncio.gather(*(store.get(f"{key}-{n}", 0, 9) for n in range(40)))
        assert read == [b"%d" % n for n in range(40)]

    async def test_parts_are_one_object_once_finished(self, store: ObjectStore, key: str) -> None:
        upload = await store.upload(key)
        await upload.part(PART)
        await upload.part(b"the rest")
        assert await store.get(key, 0, 1) is None
        await upload.finish()
        assert await store.get(key, len(PART) - 4, 100) == PART[-4:] + b"the rest"
        await upload.abort()
        assert await store.get(key, 0, 4) == PART[:4]

    async def test_finished_again_it_is_done_all_the_same(
        self, store: ObjectStore, key: str
    ) -> None:
        upload = await store.upload(key)
        await upload.part(PART)
        for _ in range(2):
            await upload.finish()
        assert await store.get(key, 0, 4) == PART[:4]

    async def test_an_abandoned_upload_leaves_nothing(self, store: ObjectStore, key: str) -> None:
        upload = await store.upload(key)
        await upload.part(PART)
        await upload.abort()
        await upload.abort()
        assert await store.get(key, 0, 1) is None

    async def test_an_upload_without_parts_is_refused(self, store: ObjectStore, key: str) -> None:
        upload = await store.upload(key)
        with pytest.raises(SinkRefused):
            await upload.finish()
        await upload.abort()

    async def test_the_check_succeeds_and_closing_is_final(self, store: ObjectStore) -> None:
        await store.check()
        assert store.state == "ok"
        await store.close()
        await store.close()


class TestMemory(Conformance):
    """In a dict."""

    @pytest.fixture
    async def store(self) -> MemoryStore:
        return MemoryStore()


@pytest.mark.embedded
@pytest.mark.parametrize("style", ["auto", "path"])
class TestSeaweed(Conformance):
    """SeaweedFS."""

    @pytest.fixture
    async def store(self, seaweed: Seaweed, style: str) -> AsyncIterator[S3Store]:
        store = S3Store(seaweed.settings(addressing_style=style))
        yield store
        await store.close()

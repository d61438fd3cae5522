"""Both stores are what the archive asks for."""

from app.sinks.archive.memory import MemoryStore
from app.sinks.archive.s3 import S3Store
from app.sinks.archive.store import ObjectStore, Upload
from config.archive_sections import S3Settings


async def test_the_stores_are_stores() -> None:
    stores: list[ObjectStore] = [MemoryStore(), S3Store(S3Settings())]
    assert [store.state for store in stores] == ["new", "new"]
    upload: Upload = await stores[0].upload("k")
    await upload.part(b"v")
    await upload.finish()
    assert await stores[0].get("k", 0, 1) == b"v"

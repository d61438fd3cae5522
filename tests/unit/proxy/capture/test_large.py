"""The interface, met by the store's uploads and by the twin."""

from app.metrics import Metrics
from app.sinks.archive.direct import DirectLimits, DirectUploads
from app.sinks.archive.memory import MemoryStore
from proxy.capture.large import LargeBodies
from tests.support.captures import REQUEST_ID
from tests.support.large import MemoryLargeBodies
from tests.support.records import STARTED_AT


async def test_both_keep_large_bodies() -> None:
    limits = DirectLimits(1 << 20, 2, 1 << 20)
    direct = DirectUploads(MemoryStore(), limits, Metrics(), bucket="bucket")
    twin = MemoryLargeBodies()
    kinds: list[LargeBodies] = [direct, twin]
    addresses = []
    for kind in kinds:
        body = kind.begin("t", STARTED_AT, REQUEST_ID, "request")
        body.add(b"data")
        body.end()
        for each in twin.begun.values():
            each.settle()
        await body.settled()
        assert body.state == "kept"
        assert body.stored is not None
        assert body.stored.size_bytes == 4
        addresses.append(kind.address(body.stored))
    assert addresses == [f"s3://bucket/t/2026-03-14/direct/{REQUEST_ID}"] * 2

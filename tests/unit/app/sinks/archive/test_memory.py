"""The twin misbehaves when told to."""

import pytest

from app.errors import SinkRefused, StoreUnavailable
from app.sinks.archive.memory import MemoryStore


@pytest.mark.parametrize(
    ("trouble", "state"),
    [(StoreUnavailable("throttled", "slow down"), "throttled"), (SinkRefused("no"), "new")],
)
async def test_trouble_is_met_by_every_call_until_it_is_over(
    trouble: StoreUnavailable | SinkRefused, state: str
) -> None:
    store = MemoryStore()
    store.trouble = trouble
    for call in (store.check(), store.put("k", b""), store.get("k", 0, 1), store.upload("k")):
        with pytest.raises(type(trouble)):
            await call
    assert store.state == state
    store.trouble = None
    await store.put("k", b"v")
    assert (store.state, store.puts_total, store.objects) == ("ok", 1, {"k": b"v"})

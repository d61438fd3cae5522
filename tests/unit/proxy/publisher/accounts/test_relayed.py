"""The accounts of a relay put together as it is: what its spill and its broker do to them."""

import asyncio
from pathlib import Path

import pytest

from app.accounting.counts import UNKNOWN_TENANT, decode_counts
from app.accounting.identity import Ledger
from app.composition.relaying import Relaying
from app.metrics import Metrics
from config import load_settings
from proxy.publisher.memory import MemoryOutlet
from tests.support.finished import finished
from tests.support.ways import Hanging

AWAY = {"bootstrap_servers": "127.0.0.1:1"}


def relaying(data_dir: Path, broker: MemoryOutlet) -> Relaying:
    """A relay with a spill, and that broker."""
    environ = {"TAILRACE_DATA_DIR": str(data_dir), "TAILRACE_PUBLISH__BROKER_PATIENCE_S": "0.05"}
    made = Relaying(load_settings(environ), Metrics(), AWAY)
    made._ways._broker._outlet = broker
    return made


async def until_waiting(part: Relaying, messages: int, patience_s: float = 10) -> None:
    """So many lie in the spill."""
    spill = part._ways._spill
    assert spill is not None
    async with asyncio.timeout(patience_s):
        while spill.records != messages:
            await asyncio.sleep(0.005)


def told_on(broker: MemoryOutlet) -> Ledger:
    """What the producers say, by the last word of each."""
    ledger = Ledger()
    for message in broker.on("tailrace.counts"):
        ledger.add_counts(decode_counts(message.value))
    return ledger


@pytest.mark.parametrize("body_bytes", [0, 100])
async def test_a_record_refused_in_a_replay_is_accounted_for(
    tmp_path: Path, body_bytes: int
) -> None:
    """It was durable in the spill. A body that is refused is no record."""
    broker = MemoryOutlet()
    broker.down = True
    part = relaying(tmp_path, broker)
    await part.start()
    stamp = part.publisher.stamp("t")
    part.publisher.offer(finished(stamp.sequence, body_bytes))
    await until_waiting(part, 2 if body_bytes else 1)
    broker.results.extend(["refused"] * (2 if body_bytes else 1))
    broker.down = False
    await until_waiting(part, 0)
    await part.stop()
    (unknown, of_tenant) = told_on(broker).lines(young_from=1 << 30)
    assert (of_tenant.tenant, of_tenant.proxied, of_tenant.missing) == ("t", 1, 1)
    assert (unknown.tenant, dict(unknown.dropped)) == (UNKNOWN_TENANT, {"refused": 1})


async def test_counts_are_told_to_the_broker_or_not_at_all(tmp_path: Path) -> None:
    """In the spill they would be out of date when they are replayed; the book has them."""
    part = relaying(tmp_path, Hanging())
    await part.start()
    part.publisher.stamp("t")
    await part.stop()
    assert not [path for path in (tmp_path / "spill").rglob("*.records*") if path.is_file()]
    assert len([*(tmp_path / "accounts").iterdir()]) == 1
    broker = MemoryOutlet()
    later = relaying(tmp_path, broker)
    await later.start()
    await later.stop()
    (line,) = told_on(broker).lines(young_from=1 << 30)
    assert (line.tenant, line.proxied, dict(line.dropped)) == ("t", 1, {"killed": 1})
    assert not [*(tmp_path / "accounts").iterdir()]

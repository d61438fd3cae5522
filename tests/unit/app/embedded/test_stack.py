import asyncio
import sys
from pathlib import Path

import pytest

from app.clock import ManualClock
from app.embedded.children import Child, ChildSpec
from app.embedded.data_dir import DataDir
from app.embedded.stack import Addresses, Stack
from app.errors import StartError
from app.ids import CountedIds
from config import load_settings
from tests.support.children import SERVE, spec
from tests.support.embedded import needs_embedded

OWN = {
    "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "kafka:9092",
    "TAILRACE_S3__ENDPOINT_URL": "http://s3:9000",
    "TAILRACE_ANALYTICS__URL": "clickhouse://u:p@ch:8123/db",
}


def stack(tmp_path: Path, variables: dict[str, str]) -> Stack:
    return Stack(
        load_settings(variables),
        DataDir.at(tmp_path),
        announce=lambda line: None,
        clock=ManualClock(),
        ids=CountedIds(),
    )


async def test_what_the_user_names_is_not_started(tmp_path: Path) -> None:
    nothing = stack(tmp_path, OWN)
    assert nothing.children == []
    assert nothing.variables == {}
    assert nothing.addresses == Addresses()
    await nothing.start()
    await nothing.stop()


@needs_embedded
@pytest.mark.embedded
def test_everything_unset_is_started_and_told(tmp_path: Path) -> None:
    everything = stack(tmp_path, {})
    names = [child.spec.name for child in everything.children]
    assert names == ["broker", "object store", "analytics engine"]
    told = {f"TAILRACE_{name}": value for name, value in everything.variables.items()}
    settings = load_settings(told)
    assert not settings.embedded_broker
    assert settings.partitions == 4
    assert settings.epoch == everything.addresses.epoch
    assert settings.kafka.bootstrap_servers == everything.addresses.kafka


@needs_embedded
@pytest.mark.embedded
@pytest.mark.parametrize("own", list(OWN))
def test_each_service_stands_for_itself(tmp_path: Path, own: str) -> None:
    assert len(stack(tmp_path, {own: OWN[own]}).children) == 2


@needs_embedded
@pytest.mark.embedded
def test_partitions_the_user_chose_are_kept(tmp_path: Path) -> None:
    chosen = stack(tmp_path, {"TAILRACE_KAFKA__PARTITIONS": "7"})
    assert chosen.variables["KAFKA__PARTITIONS"] == "7"


async def test_one_that_fails_to_start_stops_the_others(tmp_path: Path) -> None:
    failing = stack(tmp_path, OWN)
    good = Child(spec(tmp_path / "good"))
    bad = Child(spec(tmp_path / "bad", "raise SystemExit(5)"))
    (tmp_path / "good").mkdir()
    failing.durable += [good, bad]
    with pytest.raises(StartError, match="exit code 5"):
        await failing.start()
    assert good.pid is None


async def test_kill_ends_all_at_once(tmp_path: Path) -> None:
    async def probe() -> bool:
        return (tmp_path / "flag").exists()

    running = stack(tmp_path, OWN)
    command = (sys.executable, "-c", SERVE, str(tmp_path / "flag"))
    running.durable.append(Child(ChildSpec("x", command, {}, tmp_path / "x.log", probe)))
    await running.start()
    running.kill()
    assert await asyncio.wait_for(running.durable[0].wait(), 10) == "SIGKILL"


@needs_embedded
@pytest.mark.embedded
def test_bodies_are_readable_at_once_unless_the_user_says_otherwise(tmp_path: Path) -> None:
    assert stack(tmp_path, {}).variables["ARCHIVE__BATCH_AGE_S"] == "1"
    chosen = stack(tmp_path, {"TAILRACE_ARCHIVE__BATCH_AGE_S": "30"})
    assert "ARCHIVE__BATCH_AGE_S" not in chosen.variables

import socket
from pathlib import Path

import pytest

from app.clock import ManualClock
from app.embedded import broker
from app.embedded.data_dir import DataDir
from app.errors import StartError
from app.ids import CountedIds
from config import load_settings
from tests.support.embedded import needs_embedded


def test_what_the_worker_is_told_is_valid_and_not_idempotent() -> None:
    told = broker.broker_settings(9092, "e1", 4)
    settings = load_settings({f"TAILRACE_{name}": value for name, value in told.items()})
    assert settings.kafka.bootstrap_servers == "127.0.0.1:9092"
    assert settings.kafka.idempotent is False
    assert (settings.partitions, settings.epoch) == (4, "e1")
    assert settings.kafka.session_timeout_s <= 10


def test_each_epoch_is_new_and_a_valid_setting() -> None:
    clock, ids = ManualClock(), CountedIds()
    epochs = [broker.new_epoch(clock, ids) for _ in range(3)]
    assert len(set(epochs)) == 3
    assert epochs[0].startswith("20231114T221320-")
    assert load_settings({"TAILRACE_EPOCH": epochs[0]}).epoch == epochs[0]


@needs_embedded
@pytest.mark.embedded
def test_it_listens_on_loopback_alone_and_keeps_topics_in_memory(tmp_path: Path) -> None:
    spec = broker.broker_child(DataDir.at(tmp_path), 19_092)
    assert spec.command.count("tcp://127.0.0.1:19092") == 2
    assert "memory://tansu/" in spec.command
    assert not {"STORAGE_ENGINE", "LISTENER_URL"} & spec.environment.keys()


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "find_spec", lambda name: None)
    with pytest.raises(StartError, match=r"tailrace\[embedded\].*KAFKA__BOOTSTRAP_SERVERS"):
        broker.broker_program()


async def test_whether_somebody_listens() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert not await broker.accepts_connections(port)
        server.listen()
        assert await broker.accepts_connections(port)

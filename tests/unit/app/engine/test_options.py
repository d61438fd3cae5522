from pathlib import Path
from typing import Any

import pytest

from app.engine.options import EngineOptions, engine_options
from config import Settings


def made(**changes: Any) -> EngineOptions:
    return EngineOptions("app", ("b:1",), changes.pop("partitions", 4), Path("d"), **changes)


@pytest.mark.parametrize(
    ("partitions", "buffer_bytes", "fetch_bytes"),
    [(4, 32 << 20, 1 << 20), (24, 32 << 20, (32 << 20) // 48), (1024, 1 << 20, 64 << 10)],
)
def test_a_fetch_is_bounded_by_the_buffer(
    partitions: int, buffer_bytes: int, fetch_bytes: int
) -> None:
    assert made(partitions=partitions, buffer_bytes=buffer_bytes).fetch_bytes == fetch_bytes


def test_idempotence_can_be_switched_off() -> None:
    assert made().producer_settings == {"acks": "all", "enable_idempotence": True}
    assert made(idempotent=False).producer_settings == {"acks": "all"}


def test_options_follow_the_settings(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        instance="7",
        kafka={"bootstrap_servers": "a:1,b:2", "partitions": 6, "session_timeout_s": 45},
        engine={"commit_interval_s": 0.5, "standby_replicas": 1},
    )
    options = engine_options(settings, brokers=("a:1", "b:2"), epoch="e", app_id="x")
    assert options.brokers == ("a:1", "b:2")
    assert options.partitions == 6
    assert options.epoch == "e"
    assert options.app_id == "x"
    assert options.data_dir == tmp_path / "tables" / "7"
    assert options.commit_interval_s == 0.5
    assert options.standby_replicas == 1
    assert options.request_timeout_s > options.session_timeout_s == 45
    assert options.idempotent


def test_the_embedded_broker_refuses_idempotence() -> None:
    options = engine_options(Settings(), brokers=("a:1",), epoch="e")
    assert not options.idempotent


def test_the_canonical_url_is_where_the_process_listens() -> None:
    settings = Settings(web={"bind": "10.0.0.1", "port": 7000})
    assert engine_options(settings, brokers=("a:1",), epoch="e").canonical_url == (
        "http://10.0.0.1:7000"
    )

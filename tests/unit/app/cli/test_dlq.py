"""`tailrace dlq` as far as it goes without a broker; the rest is in tests/integration."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.dlq import _time, connection_of
from app.embedded.data_dir import DataDir
from app.errors import StartError
from config import Settings


def test_times_are_utc_where_they_do_not_say() -> None:
    assert _time("2026-11-23T12:00") == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert _time("2026-11-23T12:00+02:00").hour == 12
    with pytest.raises(argparse.ArgumentTypeError):
        _time("yesterday")


def test_the_broker_of_the_instance_that_runs_here(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(StartError, match="TAILRACE_KAFKA__BOOTSTRAP_SERVERS"):
        connection_of(settings)
    DataDir.at(tmp_path).write_instance({"kafka": "127.0.0.1:9092"})
    assert connection_of(settings)["bootstrap_servers"] == ["127.0.0.1:9092"]

"""How a command reaches the broker."""

from pathlib import Path

import pytest

from app.cli.connection import connection_of
from app.embedded.data_dir import DataDir
from app.errors import StartError
from config import Settings


def test_the_broker_of_the_instance_that_runs_here(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(StartError, match="TAILRACE_KAFKA__BOOTSTRAP_SERVERS"):
        connection_of(settings)
    DataDir.at(tmp_path).write_instance({"kafka": "127.0.0.1:9092"})
    assert connection_of(settings)["bootstrap_servers"] == ["127.0.0.1:9092"]

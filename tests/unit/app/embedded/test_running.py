import socket
from pathlib import Path

import pytest

from app.embedded.data_dir import DataDir, Lock
from app.embedded.running import Up, check, check_port
from app.errors import StartError
from config import load_settings


@pytest.mark.parametrize("role", ["proxy", "worker"])
def test_the_embedded_broker_is_for_one_process(role: str) -> None:
    settings = load_settings({"TAILRACE_ROLE": role})
    with pytest.raises(StartError, match=f"TAILRACE_ROLE={role}: .*KAFKA__BOOTSTRAP_SERVERS"):
        check(settings)
    own = {"TAILRACE_ROLE": role, "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "k:9092"}
    check(load_settings(own))


def test_a_taken_port_is_one_line_that_names_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = load_settings({"TAILRACE_WEB__PORT": str(port)})
        with pytest.raises(StartError, match=f"port {port} .*TAILRACE_WEB__PORT"):
            check_port(settings)
    check_port(settings)


async def test_a_data_directory_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    said: list[str] = []
    with Lock(DataDir.at(tmp_path)):
        up = Up(load_settings({"TAILRACE_DATA_DIR": str(tmp_path)}), said.append)
        with pytest.raises(StartError, match="in use by process"):
            await up.run()
    assert said == []

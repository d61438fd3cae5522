"""What several processes on a port refuse, before anything is started."""

from pathlib import Path

import pytest

from app.composition.sharing import check, run_processes
from app.embedded.data_dir import DataDir, Lock
from app.errors import StartError
from app.listening import listening
from config import Settings


@pytest.mark.parametrize("role", ["all", "worker"])
def test_workers_need_addresses_of_their_own(role: str) -> None:
    with pytest.raises(StartError, match=f"this is {role}: .*--instance N"):
        check(Settings(role=role), 2)


@pytest.mark.parametrize("count", [0, -1, 65])
def test_how_many_is_bounded(count: int) -> None:
    with pytest.raises(StartError, match="allowed is 1 to 64"):
        check(Settings(role="proxy"), count)


def test_a_port_that_is_taken_is_refused_at_once(tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        settings = Settings(role="proxy", data_dir=tmp_path, web={"port": port})
        with pytest.raises(StartError, match=f"cannot listen on 127.0.0.1:{port}"):
            run_processes(settings, 2)


def test_a_data_directory_of_another_parent_is_refused_and_named(tmp_path: Path) -> None:
    settings = Settings(role="proxy", data_dir=tmp_path)
    with (
        Lock(DataDir.at(tmp_path / "instances" / "0")),
        pytest.raises(StartError, match=f"{tmp_path}.* is in use by process"),
    ):
        run_processes(settings, 2)

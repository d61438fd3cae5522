import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded.data_dir import DataDir, Lock, write_private
from app.errors import StartError, Unavailable

HOLD = """
import sys
from pathlib import Path
from app.embedded.data_dir import DataDir, Lock
Lock(DataDir.at(Path(sys.argv[1]))).acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir.at(tmp_path / "data")


def test_a_directory_in_use_is_refused_with_the_owners_pid(data_dir: DataDir) -> None:
    command = [sys.executable, "-c", HOLD, str(data_dir.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(
            StartError, match=rf"in use by process {owner.pid}: .*TAILRACE_DATA_DIR"
        ):
            Lock(data_dir).acquire()
        owner.kill()
        owner.wait(10)
    with Lock(data_dir):
        assert (data_dir.root / "lock").read_text() == f"{os.getpid()}\n"


def test_a_released_directory_can_be_taken_again_and_names_no_instance(data_dir: DataDir) -> None:
    with Lock(data_dir):
        data_dir.write_instance({"pid": 1})
    assert not data_dir.instance_path.exists()
    with Lock(data_dir):
        pass


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"cannot be used .*TAILRACE_DATA_DIR"):
        Lock(DataDir.at(tmp_path / "file" / "data")).acquire()


def test_the_instance_is_read_back_and_private(data_dir: DataDir) -> None:
    with Lock(data_dir):
        data_dir.write_instance({"pid": 7, "token": "t"})
        assert data_dir.read_instance() == {"pid": 7, "token": "t"}
        assert data_dir.instance_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, "not json"])
def test_no_instance_is_unavailable(data_dir: DataDir, content: str | None) -> None:
    if content is not None:
        data_dir.root.mkdir()
        data_dir.instance_path.write_text(content)
    with pytest.raises(Unavailable):
        data_dir.read_instance()


def test_a_secret_is_minted_once_and_private(data_dir: DataDir) -> None:
    first = data_dir.secret("key")
    assert len(first) == 32
    assert data_dir.secret("key") == first
    assert data_dir.secret("other") != first
    assert (data_dir.root / "secrets" / "key").stat().st_mode & 0o777 == 0o600


def test_only_the_embedded_brokers_tables_are_forgotten(data_dir: DataDir) -> None:
    mine = data_dir.worker(embedded_broker=False) / "tables" / "0"
    embedded = data_dir.worker(embedded_broker=True) / "tables" / "0"
    for path in (mine, embedded, data_dir.objects):
        path.mkdir(parents=True)
    assert data_dir.forget_embedded_tables()
    assert not data_dir.forget_embedded_tables()
    assert (mine.exists(), embedded.exists(), data_dir.objects.exists()) == (True, False, True)


def test_a_private_file_was_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]

import stat
from pathlib import Path

import pytest

from app.control.snapshot import read, write

RAW = {b"kind/a": b'{"schema_version":1,"value":1}', b"\xff": b"\x00", b"kind/b": b""}


def test_it_comes_back_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "control" / "0.json"
    write(path, RAW)
    assert read(path) == RAW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write(path, {})
    assert read(path) == {}
    assert [each.name for each in path.parent.iterdir()] == ["0.json"]


def test_none_is_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read(tmp_path / "none") == {}
    assert caplog.text == ""


@pytest.mark.parametrize("damage", ["cut", "changed", "no json", "newer", "a list"])
def test_a_damaged_one_is_none(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "0.json"
    write(path, RAW)
    whole = path.read_bytes()
    made = {
        "cut": whole[:-7],
        "changed": whole.replace(b'"AA=="', b'"AQ=="'),
        "no json": b"\xff\xfe",
        "newer": whole.replace(b'"schema_version":1', b'"schema_version":2'),
        "a list": b"[]",
    }[damage]
    assert made != whole
    path.write_bytes(made)
    assert read(path) == {}
    assert "no snapshot" in caplog.text

"""`tailrace spill`: the list, the refusals, and a replay to an outlet in memory."""

import os
from pathlib import Path

import pytest

from app.cli import main
from app.cli.spill import replay
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outgoing import Outgoing
from tests.support.spill import SpillStand, body, record, segment_of

MESSAGES = [record(1), record(2), record(3)]


def left_behind(root: Path, *messages: Outgoing) -> None:
    """A process's spill, as it is after its end."""
    stand = SpillStand(root)
    stand.append(*messages)
    stand.close()


def test_list_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spill", "list", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 messages in 0 segments"


def test_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each segment, that of a running process as well."""
    running = SpillStand(tmp_path)
    running.append(record(1), body(1))
    torn = tmp_path / "7" / "0000000000000001.records"
    torn.parent.mkdir()
    torn.write_bytes(segment_of(MESSAGES)[:-5])
    newer = tmp_path / "7" / "0000000000000002.records"
    newer.write_bytes(segment_of(MESSAGES, version=200))
    assert main(["spill", "list", "--dir", str(tmp_path)]) == 0
    headings, *rows, other, totals = capsys.readouterr().out.splitlines()
    assert headings.split()[:3] == ["segment", "messages", "bytes"]
    assert totals == "4 messages in 3 segments"
    assert other.split(maxsplit=1) == [str(newer), "of another version"]
    assert [row.split()[0] for row in rows] == [*map(str, running.files()), str(torn)]
    assert [row.split()[1] for row in rows] == ["1", "1", "2"]
    assert rows[0].endswith(f"process {os.getpid()}")
    assert rows[2].endswith("nobody")
    running.close()


def test_the_directory_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAILRACE_DATA_DIR", str(tmp_path))
    left_behind(tmp_path / "spill", *MESSAGES)
    main(["spill", "list"])
    assert "3 messages in 1 segments" in capsys.readouterr().out
    monkeypatch.setenv("TAILRACE_SPILL__DIR", str(tmp_path / "elsewhere"))
    main(["spill", "list"])
    assert "0 messages in 0 segments" in capsys.readouterr().out


def test_replay_of_nothing_needs_no_broker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["spill", "replay", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"nothing to replay in {tmp_path}\n"


def test_replay_refuses_what_is_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line that names the process; nothing is changed."""
    running = SpillStand(tmp_path)
    running.append(*MESSAGES)
    assert main(["spill", "replay", "--dir", str(tmp_path), "--bootstrap", "127.0.0.1:9"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tailrace: {tmp_path}/0 is in use by process {os.getpid()}: ")
    assert running.drain() == MESSAGES
    running.close()


@pytest.mark.parametrize("servers", ["nonsense", "127.0.0.1:0"])
def test_replay_needs_servers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], servers: str
) -> None:
    left_behind(tmp_path, *MESSAGES)
    assert main(["spill", "replay", "--dir", str(tmp_path), "--bootstrap", servers]) == 2
    assert f"--bootstrap {servers!r}" in capsys.readouterr().err
    assert main(["spill", "replay", "--dir", str(tmp_path)]) == 2
    assert "TAILRACE_KAFKA__BOOTSTRAP_SERVERS" in capsys.readouterr().err


def test_a_directory_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main(["spill", "list", "--dir", str(tmp_path / "file")]) == 2
    assert "cannot be read" in capsys.readouterr().err


async def test_replay_publishes_and_deletes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What several dead processes left, and nothing of a living one; an old one as well."""
    stands = [SpillStand(tmp_path) for _ in range(3)]
    for number, stand in enumerate(stands):
        stand.append(record(number))
    stands[0].close()
    stands[2].close()
    outlet = MemoryOutlet()
    assert await replay(tmp_path, outlet) == 0
    assert sorted(outlet.taken) == [record(0), record(2)]
    assert outlet.closed
    assert capsys.readouterr().out == "2 messages replayed, 0 left\n"
    assert stands[1].drain() == [record(1)]
    assert not [*tmp_path.glob("*/*.records")]


async def test_what_is_not_acknowledged_is_tried_again(tmp_path: Path) -> None:
    left_behind(tmp_path, *MESSAGES)
    outlet = MemoryOutlet()
    outlet.results.extend(["delivered", "retry", "delivered"])
    assert await replay(tmp_path, outlet) == 0
    assert sorted(outlet.taken) == MESSAGES


async def test_losses_are_said_and_make_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left_behind(tmp_path, *MESSAGES)
    (path,) = tmp_path.glob("*/*.records")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    outlet = MemoryOutlet()
    outlet.results.append("refused")
    assert await replay(tmp_path, outlet) == 1
    assert outlet.taken == [record(2)]
    err = capsys.readouterr().err
    assert "1 messages lost: refused" in err
    assert "1 messages lost: spill_corrupt" in err


async def test_a_broker_that_takes_nothing_ends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left stays where it is."""
    monkeypatch.setattr("app.cli.spill.RETRY_S", 0)
    left_behind(tmp_path, *MESSAGES)
    outlet = MemoryOutlet()
    outlet.down = True
    assert await replay(tmp_path, outlet) == 1
    assert capsys.readouterr().out == "0 messages replayed, 3 left\n"
    assert SpillStand(tmp_path).drain() == MESSAGES

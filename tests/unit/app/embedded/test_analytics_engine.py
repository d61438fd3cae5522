import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded.analytics_engine import (
    Engine,
    Statement,
    StatementError,
    session_lines,
    split_insert,
)
from tests.support.embedded import needs_embedded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"SELECT 1 FORMAT Native", (b"SELECT 1 FORMAT Native", b"", None)),
        (b"INSERT INTO t SELECT 1", (b"INSERT INTO t SELECT 1", b"", None)),
        (b"INSERT INTO t VALUES (1)", (b"INSERT INTO t VALUES (1)", b"", None)),
        (b"INSERT INTO t FORMAT Values (1)", (b"INSERT INTO t FORMAT Values (1)", b"", None)),
        (b"INSERT INTO t (a) FORMAT CSV\n1\n2", (b"INSERT INTO t (a)", b"1\n2", "CSV")),
        (b" insert into t format Native\n\n\x00", (b" insert into t", b"\n\x00", "Native")),
        (b"INSERT INTO t FORMAT CSV", (b"INSERT INTO t FORMAT CSV", b"", None)),
    ],
)
def test_the_data_of_an_insert_are_told_from_its_text(
    text: bytes, expected: tuple[bytes, bytes, str | None]
) -> None:
    assert split_insert(text) == expected


def test_settings_are_quoted_and_their_names_checked() -> None:
    statement = Statement(b"", database="d", settings={"max_threads": "1' OR \\"})
    assert session_lines(statement) == ["USE `d`", "SET max_threads = '1\\' OR \\\\'"]
    for wrong in (Statement(b"", database="d`; DROP"), Statement(b"", settings={"a b": "1"})):
        with pytest.raises(StatementError) as refused:
            session_lines(wrong)
        assert refused.value.code == 36


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path / "engine")
    yield engine
    engine.close()


@needs_embedded
@pytest.mark.embedded
def test_statements_on_the_real_engine(engine: Engine) -> None:
    engine.run(Statement(b"CREATE DATABASE d"))
    create = b"CREATE TABLE t (a String, n UInt64) ENGINE = MergeTree ORDER BY a"
    engine.run(Statement(create, database="d"))
    inserted = engine.run(Statement(b'INSERT INTO t FORMAT CSV\nx,1\n"y,\'z",2\n', database="d"))
    assert (inserted.inserted, inserted.rows) == (True, 2)
    block = b"\x01\x01" + b"\x01n\x06UInt64" + struct.pack("<Q", 7)
    engine.run(Statement(b"INSERT INTO t (n) FORMAT Native\n" + block, database="d"))
    found = engine.run(
        Statement(
            b"SELECT a, n FROM d.t WHERE n >= {least:UInt64} ORDER BY n",
            result_format="CSV",
            parameters={"least": "2"},
            settings={"max_threads": "1"},
        )
    )
    assert found.body == b'"y,\'z",2\n"",7\n'
    assert not found.inserted


@needs_embedded
@pytest.mark.embedded
def test_a_refused_statement_carries_clickhouses_code_and_harms_no_other(engine: Engine) -> None:
    with pytest.raises(StatementError) as refused:
        engine.run(Statement(b"SELECT nope"))
    assert refused.value.code == 47
    with pytest.raises(StatementError):
        engine.run(Statement(b"INSERT INTO nowhere FORMAT CSV\n1\n"))
    assert engine.run(Statement(b"SELECT 1")).body == b"1\n"


@needs_embedded
@pytest.mark.embedded
def test_settings_and_database_hold_for_one_statement(engine: Engine) -> None:
    engine.run(Statement(b"SELECT 1", database="system", settings={"max_threads": "1"}))
    text = b"SELECT currentDatabase(), value FROM system.settings WHERE name = 'max_threads'"
    database, value = engine.run(Statement(text)).body.decode().split()
    assert database == "default"
    assert value != "1"

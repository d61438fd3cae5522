"""One statement of ClickHouse's HTTP interface, run on its engine in this process (chDB).

Settings and the database of a request hold for that request alone: each gets a session of its own
on the one engine. A result is held in memory whole.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import StartError, TailraceError

INSERT = re.compile(rb"\s*INSERT\s+INTO\s.*?\sFORMAT\s+(\w+)[ \t]*;?[ \t]*\r?\n?", re.I | re.S)
INLINE_VALUES = b"VALUES"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CODE = re.compile(r"Code: (\d+)")
UNKNOWN_CODE = 1002
BAD_ARGUMENTS = 36


class StatementError(TailraceError):
    """The engine refuses a statement; `code` is ClickHouse's number of the error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Statement:
    """One request: text (an INSERT's data follow it), and what it asked for beside the text."""

    text: bytes
    database: str | None = None
    result_format: str = "TabSeparated"
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The result in the format asked for; `rows` and `bytes_total` were read, or inserted."""

    body: bytes
    rows: int
    bytes_total: int
    inserted: bool


class Engine:
    """The engine of this process, on one directory; calls block and come from one thread."""

    def __init__(self, path: Path) -> None:
        """Open the directory, or make it. Raises: StartError."""
        import chdb

        self._connect: Any = chdb.connect
        self._path = str(path)
        try:
            self._anchor = self._connect(self._path)
        except RuntimeError as error:
            raise StartError(f"the analytics engine cannot open {path}: {error}") from error

    def run(self, statement: Statement) -> Result:
        """Run one statement. Raises: StatementError."""
        session = self._connect(self._path)
        try:
            for line in session_lines(statement):
                session.query(line, "TabSeparated")
            with _data_in_a_file(statement.text) as text:
                parameters = dict(statement.parameters)
                result = session.query(text, statement.result_format, params=parameters)
            body, inserted = bytes(result.bytes() or b""), text is not statement.text
            return Result(body, result.rows_read(), result.bytes_read(), inserted)
        except (RuntimeError, ValueError) as error:
            found = CODE.search(str(error))
            raise StatementError(int(found[1]) if found else UNKNOWN_CODE, str(error)) from error
        finally:
            session.close()

    def close(self) -> None:
        """Write what is pending, and close the directory."""
        self._anchor.close()


@contextlib.contextmanager
def _data_in_a_file(text: bytes) -> Iterator[bytes]:
    """The statement with the data of an INSERT moved to a file; any other as it is."""
    head, data, data_format = split_insert(text)
    if data_format is None:
        yield text
        return
    with tempfile.NamedTemporaryFile(suffix=f".{data_format.lower()}") as file:
        file.write(data)
        file.flush()
        yield head + f" FROM INFILE '{file.name}' FORMAT {data_format}".encode()


def split_insert(text: bytes) -> tuple[bytes, bytes, str | None]:
    """Of `INSERT INTO … FORMAT f` with data: the text before FORMAT, the data, and f.

    The engine takes no data behind a statement as a server does. Any other statement comes back
    whole, with None.
    """
    match = INSERT.match(text)
    if match is None or match[1].upper() == INLINE_VALUES or match.end() == len(text):
        return text, b"", None
    head = text[: match.start(1)].rstrip()
    return head[: -len(b"FORMAT")].rstrip(), text[match.end() :], match[1].decode()


def session_lines(statement: Statement) -> list[str]:
    """What sets a session up. Raises: StatementError for a name that is none."""
    lines = [] if statement.database is None else [f"USE `{_name(statement.database)}`"]
    return lines + [f"SET {_name(k)} = {_quoted(v)}" for k, v in statement.settings.items()]


def _name(text: str) -> str:
    if NAME.fullmatch(text) is None:
        raise StatementError(BAD_ARGUMENTS, f"Code: {BAD_ARGUMENTS}. Not a name: {text!r}")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

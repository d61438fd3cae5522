"""The numbered migrations in `config/sql`, and which of them a database still needs: pure.

Several processes may start at once, and none of them locks: every statement of a migration is
written so that running it again changes nothing (`IF NOT EXISTS` and so on), and a migration is
noted as applied after its last statement. Whoever runs it twice notes it twice.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

from app.errors import StartError

FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
APPLIED_TABLE = "schema_migrations"
MAKE_APPLIED_TABLE = f"""
CREATE TABLE IF NOT EXISTS {APPLIED_TABLE}
(version UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree(applied_at) ORDER BY version
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name, and statements in their order."""

    version: int
    name: str
    statements: tuple[str, ...]


def migration_of(file_name: str, text: str) -> Migration:
    """One file as a migration; statements end with `;` at the end of a line.

    Raises: StartError for a name that is not `NNNN_name.sql`.
    """
    match = FILE_NAME.fullmatch(file_name)
    if match is None:
        raise StartError(f"config/sql/{file_name}: a migration is named NNNN_name.sql")
    statements = (part.strip() for part in re.split(r";\s*$", COMMENT.sub("", text), flags=re.M))
    return Migration(int(match[1]), match[2], tuple(part for part in statements if part))


def migrations() -> Sequence[Migration]:
    """All of this build, by number. Raises: StartError where two have the same one."""
    found = sorted(_read(), key=lambda each: each.version)
    for one, other in pairwise(found):
        if one.version == other.version:
            raise StartError(f"config/sql: two migrations have the number {one.version:04d}")
    return found


def _read() -> Iterator[Migration]:
    for file in files("config").joinpath("sql").iterdir():
        if file.name.endswith(".sql"):
            yield migration_of(file.name, file.read_text(encoding="utf-8"))


def pending(known: Sequence[Migration], applied: Collection[int]) -> list[Migration]:
    """Those to be run, in their order."""
    return [each for each in known if each.version not in applied]


def newer(known: Sequence[Migration], applied: Collection[int]) -> int | None:
    """The highest version that the database has and this build does not know; None: it has none."""
    highest_known = max((each.version for each in known), default=0)
    highest_applied = max(applied, default=0)
    return highest_applied if highest_applied > highest_known else None

"""What one exchange adds to any count: a row of numbers with fixed columns.

Rows are plain lists, because hundreds of them are read and written with every record; a column is
named here and nowhere else. The first `BUCKET_WIDTH` columns are those that time buckets keep.
"""

from collections.abc import Iterable
from operator import add

from app.record.fact import Cost
from app.record.failure import is_error
from app.record.model import Record, Usage

Row = list[int]

TOKEN_KINDS = (
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "audio_input",
    "audio_output",
)
COUNTERS = ("requests", "errors", "unpriced_requests", "cost_nano_usd")
COLUMNS = (*COUNTERS, *TOKEN_KINDS)
REQUESTS, ERRORS, UNPRICED, COST, INPUT, OUTPUT = range(6)
BUCKET_WIDTH = 6
_NO_USAGE = Usage()


def zero() -> Row:
    """A row to which nothing was added yet."""
    return [0] * len(COLUMNS)


def tally(record: Record, cost: Cost) -> Row:
    """What this exchange adds: one request, its tokens, its cost; an unknown cost adds none."""
    usage = record.usage or _NO_USAGE
    return [
        1,
        int(is_error(record)),
        int(cost.nano_usd is None),
        cost.nano_usd or 0,
        usage.input or 0,
        usage.output or 0,
        usage.cache_read or 0,
        usage.cache_write or 0,
        usage.cache_write_1h or 0,
        usage.reasoning or 0,
        usage.audio_input or 0,
        usage.audio_output or 0,
    ]


def plus(row: Row, more: Row) -> Row:
    """The sum, column by column, over the columns that both have."""
    return list(map(add, row, more))


def total(rows: Iterable[Row]) -> Row:
    """The sum of all rows."""
    result = zero()
    for row in rows:
        result = plus(result, row)
    return result


def tokens(row: Row) -> int:
    """All tokens of a row: the other kinds are parts of input and output."""
    return row[INPUT] + row[OUTPUT]


def as_json(row: Row) -> dict[str, object]:
    """A row as it is answered: counters by name, tokens by kind."""
    counters: dict[str, object] = dict(zip(COUNTERS, row, strict=False))
    counters["tokens"] = dict(zip(TOKEN_KINDS, row[INPUT:], strict=False))
    return counters

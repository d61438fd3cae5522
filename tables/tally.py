"""What one exchange adds to any count: a row of numbers with fixed columns.

Rows are plain lists, because hundreds of them are read and written with every record; a column is
named here and nowhere else, new ones at the end: a row that was stored by an older build is
shorter. The first `BUCKET_WIDTH` columns are those that time buckets keep.
"""

from collections.abc import Iterable
from operator import add

from app.record.fact import Cost
from app.record.failure import is_error
from app.record.model import OTHER_UNITS, Record, Usage

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
    "image_input",
    "image_output",
    "cache_audio_read",
    "cache_image_read",
)
COUNTERS = ("requests", "errors", "unpriced_requests", "cost_nano_usd")
COLUMNS = (*COUNTERS, *TOKEN_KINDS, *OTHER_UNITS)
REQUESTS, ERRORS, UNPRICED, COST, INPUT, OUTPUT = range(6)
BUCKET_WIDTH = 6
WIDTH = len(COLUMNS)
_UNITS_FROM = len(COUNTERS) + len(TOKEN_KINDS)
_NO_USAGE = Usage()


def zero() -> Row:
    """A row to which nothing was added yet."""
    return [0] * WIDTH


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
        usage.image_input or 0,
        usage.image_output or 0,
        usage.cache_audio_read or 0,
        usage.cache_image_read or 0,
        usage.web_searches or 0,
        usage.images or 0,
        usage.audio_input_ms or 0,
    ]


def widened(row: Row) -> Row:
    """A row as it was stored, with a zero for each column that its build did not know."""
    missing = WIDTH - len(row)
    return row + [0] * missing if missing > 0 else row


def plus(row: Row, more: Row) -> Row:
    """The sum, column by column; what only one of them has, of a newer build's, stays as it is."""
    if len(row) == len(more):
        return list(map(add, row, more))
    short, long = (row, more) if len(row) < len(more) else (more, row)
    return [*map(add, short, long), *long[len(short) :]]


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
    """A row as it is answered: counters by name, tokens by kind, what else is billed by unit."""
    counters: dict[str, object] = dict(zip(COUNTERS, row, strict=False))
    counters["tokens"] = dict(zip(TOKEN_KINDS, row[INPUT:], strict=False))
    if len(row) > _UNITS_FROM:
        counters["units"] = dict(zip(OTHER_UNITS, row[_UNITS_FROM:], strict=False))
    return counters

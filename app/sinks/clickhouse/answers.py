"""What a fault of the engine means for us: pure.

Numbers are those of ClickHouse's `src/Common/ErrorCodes.cpp`. An INSERT is refused for good only
for what is wrong with its data: all else can be mended without touching them, so the rows wait. A
query is refused for what it asks for as well, and for what it would cost.
"""

import re
from dataclasses import dataclass
from typing import Final

import aiohttp
from clickhouse_connect.driver.exceptions import ClickHouseError

from app.errors import SinkRefused, SinkUnavailable, TailraceError

FOREIGN: Final = (ClickHouseError, aiohttp.ClientError, TimeoutError, OSError)
"""What the client library raises."""

BAD_DATA: Final = frozenset(
    {6, 25, 26, 27, 38, 41, 72, 117, 130, 131, 321, 349, 376, 407, 441, 467, 469}
)
BAD_QUERY: Final = frozenset({*BAD_DATA, 36, 42, 43, 46, 47, 53, 62, 386, 456, 457})
TOO_EXPENSIVE: Final = frozenset({158, 159, 160, 161, 162, 191, 241, 307, 394, 396})
BUSY: Final = frozenset({202, 203, 241, 252, 439, 745})
NOT_ALLOWED: Final = frozenset({164, 192, 193, 194, 291, 495, 497, 516})
NOT_THERE: Final = frozenset({60, 81})
BUSY_AFTER_S = 1.0
MAX_DETAIL_CHARS = 300
# What the engine repeats of the data, which may be anybody's: it stays out of logs and letters.
QUOTED = re.compile(r"before: '.*?'(?=[:\s]|$)|parsed text: \".*?\"", re.DOTALL)
COLUMN = re.compile(r"while reading the value of key (\w+)")
SERVER_SAID = "server response: "


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure: the engine's number for it, None where it did not answer, and the words."""

    code: int | None
    detail: str

    @property
    def state(self) -> str:
        """The state of an engine that fails like this, in a word that readiness shows."""
        if self.code in BUSY:
            return "throttled"
        return "refused" if self.code in NOT_ALLOWED else "down"


def fault_of(error: BaseException) -> Fault:
    """What the client library raised, without the data that it repeats."""
    code = getattr(error, "code", None)
    text = " ".join(str(error).split())
    if not isinstance(code, int):
        return Fault(None, f"{type(error).__name__}: {text[:MAX_DETAIL_CHARS]}".rstrip(": "))
    column = COLUMN.search(text)
    words = QUOTED.sub("…", text.partition(SERVER_SAID)[2] or text)[:MAX_DETAIL_CHARS]
    if code in BAD_DATA:
        name = getattr(error, "name", None) or "bad data"
        words = f"{name}, column {column[1]}" if column else name
    return Fault(code, f"{code}: {words}")


def of_insert(fault: Fault) -> TailraceError:
    """What an INSERT raises."""
    code = fault.code
    if code in BAD_DATA:
        return SinkRefused(fault.detail)
    unclear = code is not None and code not in BUSY | NOT_ALLOWED | NOT_THERE
    return SinkUnavailable(fault.detail, _after_s(fault), reached=unclear)


def of_query(fault: Fault) -> TailraceError:
    """What a query raises."""
    if fault.code in TOO_EXPENSIVE | BAD_QUERY:
        return SinkRefused(fault.detail)
    return SinkUnavailable(fault.detail, _after_s(fault), reached=fault.code is not None)


def _after_s(fault: Fault) -> float | None:
    return BUSY_AFTER_S if fault.code in BUSY else None

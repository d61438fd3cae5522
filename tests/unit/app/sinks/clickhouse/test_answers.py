import aiohttp
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.answers import (
    BUSY_AFTER_S,
    MAX_DETAIL_CHARS,
    Fault,
    fault_of,
    of_insert,
    of_query,
)

BAD_ROW = """Received ClickHouse exception, code: 27, server response: Code: 27. DB::Exception:
Cannot parse input: expected '"' before: 'hunter2","2020-01-01"]\\n': (while reading the value of
key n): (at row 2)
Column 0,   name: a, type: String,        parsed text: "<DOUBLE QUOTE>hunter2<DOUBLE QUOTE>"
"""


def test_bad_data_name_the_column_and_not_the_value() -> None:
    fault = fault_of(DatabaseError(BAD_ROW, code=27, name="CANNOT_PARSE"))
    assert fault == Fault(27, "27: CANNOT_PARSE, column n")
    assert isinstance(of_insert(fault), SinkRefused)


def test_no_answer_has_no_number() -> None:
    for error in (
        OperationalError("Network Error: refused"),
        aiohttp.ClientPayloadError("cut"),
        TimeoutError(),
        ConnectionResetError(104, "reset"),
    ):
        fault = fault_of(error)
        assert fault.code is None
        assert fault.detail.startswith(type(error).__name__)
        assert fault.state == "down"
        assert isinstance(of_query(fault), SinkUnavailable)


def test_what_it_quotes_and_says_at_length_is_cut() -> None:
    text = "x server response: Code: 252. DB::Exception: parsed text: \"secret\" before: 'secret': "
    fault = fault_of(DatabaseError(text + "y" * 1000, code=252))
    assert "secret" not in fault.detail
    assert len(fault.detail) <= MAX_DETAIL_CHARS + 10


@pytest.mark.parametrize(
    ("code", "state", "after_s", "reached"),
    [
        (None, "down", None, False),
        (252, "throttled", BUSY_AFTER_S, False),
        (516, "refused", None, False),
        (60, "down", None, False),
        (16, "down", None, True),
        (243, "down", None, True),
    ],
)
def test_an_insert_waits_for_what_can_be_mended(
    code: int | None, state: str, after_s: float | None, reached: bool
) -> None:
    fault = Fault(code, "words")
    error = of_insert(fault)
    assert isinstance(error, SinkUnavailable)
    assert (fault.state, error.retry_after_s, error.reached) == (state, after_s, reached)


@pytest.mark.parametrize("code", [47, 62, 159, 241, 396, 457])
def test_a_query_is_refused_for_what_it_asks_and_costs(code: int) -> None:
    assert isinstance(of_query(Fault(code, "words")), SinkRefused)


@pytest.mark.parametrize("code", [None, 60, 202, 516, 999])
def test_a_query_waits_for_the_engine(code: int | None) -> None:
    assert isinstance(of_query(Fault(code, "words")), SinkUnavailable)

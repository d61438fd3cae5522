"""Rows of the table `bodies`."""

import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from app.errors import RecordError
from app.record.codec import encode_archived
from app.sinks.archive.location_row import COLUMNS, TABLE, row_in, row_of
from tests.unit.app.record.test_archived import PLACE


def test_the_columns_are_those_of_the_table() -> None:
    sql = files("config").joinpath("sql/0002_bodies.sql").read_text()
    assert f"CREATE TABLE IF NOT EXISTS {TABLE}" in sql
    declared = re.findall(r"^    ([a-z_]+) \S", sql, re.MULTILINE)
    assert declared == list(COLUMNS)


def test_a_place_is_a_row() -> None:
    row = dict(zip(COLUMNS, row_in(encode_archived(PLACE)), strict=True))
    assert row.pop("id_at") == datetime(2025, 3, 14, 14, 28, 12, 746000, tzinfo=UTC)
    assert row == PLACE.model_dump()


def test_an_id_without_a_time_is_filed_under_the_first() -> None:
    place = PLACE.model_copy(update={"request_id": "0" * 36})
    assert row_of(place)[COLUMNS.index("id_at")] == datetime(1970, 1, 1, tzinfo=UTC)


def test_times_that_the_engine_cannot_hold_are_clipped() -> None:
    place = PLACE.model_copy(update={"started_at": datetime(2900, 1, 1, tzinfo=UTC)})
    assert row_of(place)[COLUMNS.index("started_at")] == datetime(2299, 12, 31, tzinfo=UTC)


def test_what_is_no_place_is_refused() -> None:
    with pytest.raises(RecordError):
        row_in(b"{}")

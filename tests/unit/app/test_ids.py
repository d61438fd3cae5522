"""Request ids: unique, in the record's shape, and in the order of minting."""

import uuid

import pytest
from pydantic import TypeAdapter

from app.ids import CountedIds, Ids, RandomIds
from app.record.fields import RequestId

shape = TypeAdapter(RequestId)


@pytest.mark.parametrize("ids", [RandomIds(), CountedIds()], ids=["random", "counted"])
def test_ids_are_unique_valid_in_a_record_and_of_version_7(ids: Ids) -> None:
    minted = [ids.request_id() for _ in range(1000)]
    assert len(set(minted)) == 1000
    for each in minted:
        assert shape.validate_python(each) == each
        assert uuid.UUID(each).version == 7


@pytest.mark.parametrize("ids", [RandomIds(), CountedIds()], ids=["random", "counted"])
def test_ids_sort_in_the_order_of_minting(ids: Ids) -> None:
    minted = [ids.request_id() for _ in range(1000)]
    assert minted == sorted(minted)


def test_counted_ids_are_the_same_in_every_run() -> None:
    ids = CountedIds()
    assert [ids.request_id(), ids.request_id()] == [
        "00000000-0000-7000-8000-000000000000",
        "00000000-0000-7000-8000-000000000001",
    ]

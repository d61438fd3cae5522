"""Request ids: unique, in the record's shape, and in the order of minting."""

import time
import uuid

import pytest
from pydantic import TypeAdapter

from app.ids import CountedIds, Ids, RandomIds, minted_at_ms
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


def test_an_id_tells_when_it_was_minted() -> None:
    before_ms = time.time_ns() // 1_000_000
    at_ms = minted_at_ms(RandomIds().request_id())
    assert before_ms <= at_ms <= time.time_ns() // 1_000_000
    # the example of RFC 9562, appendix A.6
    assert minted_at_ms("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == 1_645_557_742_000


@pytest.mark.parametrize(
    "request_id",
    [
        "919108f7-52d1-4320-9bac-f847db4148a8",
        "ffffffff-ffff-7cc3-98c4-dc0c0c07398f",
        "------------------------------------",
        "017f22e279b0-7cc3-98c4-dc0c0c07398f-",
        "",
    ],
)
def test_an_id_of_another_kind_has_no_time(request_id: str) -> None:
    assert minted_at_ms(request_id) == 0

"""The delivery on the wire."""

import orjson
import pytest

from app.errors import RecordError
from app.record.codec import decode_delivery, encode_delivery
from app.record.dead_letter import Origin
from tests.support.endpoints import delivery
from tests.support.records import STARTED_AT


def test_there_and_back() -> None:
    origin = Origin(topic="deliveries", partition=1, offset=2, epoch="e")
    for each in (
        delivery(),
        delivery(attempts=3, due_at=STARTED_AT, error="HTTP 500"),
        delivery(resent=2, first_origin=origin),
    ):
        assert decode_delivery(encode_delivery(each)) == each


def test_each_replay_is_remembered_by_a_name_of_its_own() -> None:
    plain = delivery()
    names = {plain.name, delivery(replay_id="a").name, delivery(replay_id="b").name}
    assert len(names) == 3
    assert plain.name == plain.webhook_id
    assert delivery(attempts=7).name == plain.name


@pytest.mark.parametrize("raw", [None, b"", b"{", b"[]", b'{"schema_version": 2}'])
def test_what_is_none_is_told(raw: bytes | None) -> None:
    with pytest.raises(RecordError):
        decode_delivery(raw)


def test_a_missing_member_is_named_and_one_of_another_build_may_be_there_or_not() -> None:
    members = orjson.loads(encode_delivery(delivery()))
    assert decode_delivery(orjson.dumps(members | {"added_later": 1})) == delivery()
    del members["resent"], members["first_origin"]
    assert decode_delivery(orjson.dumps(members)) == delivery()
    del members["webhook_id"]
    with pytest.raises(RecordError, match="webhook_id"):
        decode_delivery(orjson.dumps(members))

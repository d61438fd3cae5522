from types import SimpleNamespace
from typing import Any

from faust.types import TP

from app.engine.contracts import Position
from app.engine.slices import Slice, cut, messages_of, seconds, to_message

PARTITION = TP("t", 3)


def raw(**changes: object) -> object:
    values = {
        "key": b"k",
        "value": b"v",
        "topic": "t",
        "partition": 3,
        "offset": 9,
        "timestamp": 12.5,
        "headers": (("a", b"1"), ("b", b"2")),
    }
    return SimpleNamespace(**{**values, **changes})


def test_everything_of_a_message_is_kept() -> None:
    message = to_message(raw(), "epoch")
    assert (message.key, message.value) == (b"k", b"v")
    assert message.position == Position("epoch", "t", 3, 9)
    assert message.broker_time_s == 12.5
    assert message.headers == {"a": b"1", "b": b"2"}


def test_a_message_without_time_or_headers() -> None:
    message = to_message(raw(timestamp=None, headers=None), "epoch")
    assert message.broker_time_s == 0
    assert message.headers == {}


def test_kafkas_mark_for_no_time_is_no_time() -> None:
    assert to_message(raw(timestamp=-0.001), "epoch").broker_time_s == 0


def records(*offsets: int) -> list[Any]:
    return [
        SimpleNamespace(
            key=b"k",
            value=b"v%d" % offset,
            offset=offset,
            timestamp=1000 * offset,
            timestamp_type=0,
            headers=(("h", b"1"),),
        )
        for offset in offsets
    ]


def test_a_slice_is_its_first_record_until_others_follow() -> None:
    piece = Slice(PARTITION, records(4, 6, 7), 2)
    assert (piece.offset, piece.timestamp, piece.generation_id) == (4, 4.0, 2)
    assert piece.size_bytes == 9
    assert not piece.tracked
    assert not piece.acked


def test_it_follows_what_is_taken_of_it() -> None:
    piece = Slice(PARTITION, records(4, 6, 7), 2)
    seen = []
    for message in messages_of(piece, "e"):
        assert piece.offset == message.position.offset
        seen.append(message)
    assert [each.position for each in seen] == [Position("e", "t", 3, each) for each in (4, 6, 7)]
    assert [each.value for each in seen] == [b"v4", b"v6", b"v7"]
    assert [each.broker_time_s for each in seen] == [4.0, 6.0, 7.0]
    assert seen[0].headers == {"h": b"1"}
    assert piece.offset == 7


def test_a_message_of_fausts_is_one() -> None:
    [message] = messages_of(raw(), "e")
    assert message == to_message(raw(), "e")


def test_what_was_fetched_is_cut() -> None:
    pieces = list(cut(PARTITION, records(*range(250)), 1))
    assert [len(each.records) for each in pieces] == [100, 100, 50]
    assert [each.offset for each in pieces] == [0, 100, 200]


def test_kafkas_time_is_in_milliseconds() -> None:
    assert (seconds(1500), seconds(-1), seconds(None)) == (1.5, 0.0, 0.0)

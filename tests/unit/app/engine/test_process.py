from types import SimpleNamespace

from app.engine.contracts import Position
from app.engine.process import to_message


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

"""Dead letters: whole, traceable, counted."""

from datetime import UTC, datetime

import pytest

from agents.dead_letters import DeadLetters
from agents.letter_limit import LetterLimit, TooManyDeadLettersError
from app.clock import ManualClock
from app.engine.contracts import Message, Position
from app.engine.memory import MemoryEmitter
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import decode_dead_letter
from app.record.dead_letter import (
    ATTEMPT_HEADER,
    MAX_RAW_KEY_BYTES,
    MAX_RAW_VALUE_BYTES,
    ORIGIN_HEADER,
    Origin,
)

ERROR = RecordError("invalid", "user: too short")
POSITION = Position("e1", "exchanges", 3, 42)


def bury(key: bytes | None, value: bytes | None) -> tuple[MemoryEmitter, Metrics]:
    emitter, metrics = MemoryEmitter(), Metrics()
    letters = DeadLetters(
        emitter, "dead", stage="meter", clock=ManualClock(1_790_000_000.0), metrics=metrics
    )
    letters.bury(Message(key, value, POSITION, 0.0), ERROR, attempt=2)
    return emitter, metrics


@pytest.mark.parametrize(("key", "value"), [(b"k", b"\x00\xff"), (None, None), (b"", b"")])
def test_a_letter_tells_all(key: bytes | None, value: bytes | None) -> None:
    emitter, metrics = bury(key, value)
    [emitted] = emitter.on("dead")
    letter = decode_dead_letter(emitted.value)
    assert emitted.key == letter.raw_key == key
    assert (letter.raw_value, letter.cut_bytes) == (value, 0)
    assert (letter.reason, letter.detail, letter.attempt) == ("invalid", "user: too short", 2)
    assert letter.origin.model_dump() == {
        "topic": "exchanges",
        "partition": 3,
        "offset": 42,
        "epoch": "e1",
    }
    assert letter.dead_at == datetime.fromtimestamp(1_790_000_000, UTC)
    labels = {"stage": "meter", "reason": "invalid"}
    assert metrics.registry.get_sample_value("tailrace_dead_letters_total", labels) == 1


def test_a_giant_message_is_cut_to_fit_its_topic_and_says_so() -> None:
    emitter, _ = bury(b"k" * 2**20, b"v" * 2**24)
    [emitted] = emitter.on("dead")
    assert len(emitted.value) + len(emitted.key or b"") < 16 << 20
    letter = decode_dead_letter(emitted.value)
    assert letter.cut_bytes == 2**20 + 2**24 - MAX_RAW_KEY_BYTES - MAX_RAW_VALUE_BYTES


FIRST = Origin(topic="exchanges", partition=1, offset=7, epoch="e0")


@pytest.mark.parametrize(
    ("headers", "attempt", "first"),
    [
        ({}, 2, None),
        ({ATTEMPT_HEADER: b"5", ORIGIN_HEADER: FIRST.model_dump_json().encode()}, 5, FIRST),
        ({ATTEMPT_HEADER: b"5"}, 5, None),
        ({ATTEMPT_HEADER: b"1", ORIGIN_HEADER: b"\xff"}, 2, None),
        ({ATTEMPT_HEADER: b"-3"}, 2, None),
        ({ATTEMPT_HEADER: b"9" * 50}, 2, None),
        ({ATTEMPT_HEADER: None, ORIGIN_HEADER: None}, 2, None),
    ],
)
def test_what_a_replay_says_is_carried_on(
    headers: dict[str, bytes], attempt: int, first: Origin | None
) -> None:
    """Whatever the headers are: everybody with access to the broker can write them."""
    emitter = MemoryEmitter()
    letters = DeadLetters(
        emitter, "dead", stage="meter", clock=ManualClock(1_790_000_000.0), metrics=Metrics()
    )
    letters.bury(Message(b"k", b"\xff", POSITION, 0.0, headers), ERROR, attempt=2)
    letter = decode_dead_letter(emitter.on("dead")[0].value)
    assert (letter.attempt, letter.first_origin) == (attempt, first)


def test_too_many_stop_before_anything_is_emitted_and_say_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    emitter, metrics, limit = MemoryEmitter(), Metrics(), LetterLimit(0.5, 10)
    name, labels = "tailrace_dead_letters_stopped", {"stage": "meter"}

    def letters() -> DeadLetters:
        return DeadLetters(
            emitter, "dead", stage="meter", clock=ManualClock(), metrics=metrics, limit=limit
        )

    def bury(offset: int, **headers: bytes) -> None:
        position = Position("e1", "exchanges", 3, offset)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        letters().bury(Message(b"k", b"v", position, 0.0, named), ERROR)

    for offset in range(10):
        bury(offset)
    assert metrics.registry.get_sample_value(name, labels) == 0
    for offset in (10, 10, 11):
        with pytest.raises(TooManyDeadLettersError):
            bury(offset)
    assert len(emitter.on("dead")) == 10
    assert [each.levelname for each in caplog.records].count("ERROR") == 1
    assert metrics.registry.get_sample_value(name, labels) == 1
    letters()
    DeadLetters(emitter, "dead", stage="meter", clock=ManualClock(), metrics=metrics)
    assert metrics.registry.get_sample_value(name, labels) == 1
    bury(12, tailrace_attempt=b"1")
    assert len(emitter.on("dead")) == 11

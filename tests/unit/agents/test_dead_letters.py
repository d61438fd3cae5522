"""Dead letters: whole, traceable, counted."""

from datetime import UTC, datetime

import pytest

from agents.dead_letters import DeadLetters
from app.clock import ManualClock
from app.engine.contracts import Message, Position
from app.engine.memory import MemoryEmitter
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import decode_dead_letter
from app.record.dead_letter import MAX_RAW_KEY_BYTES, MAX_RAW_VALUE_BYTES

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

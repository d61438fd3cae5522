"""Where every agent puts a message it cannot handle: alone, whole, with the reason and its origin.

The letter is emitted like any other effect, so the message's offset is committed only once the
letter is kept. After a crash it may be there twice, with the same origin.

A letter that was sent again tells in two headers how often, and where its message lay at first; so
one that ends here once more carries both on, even where its value cannot be read. Such letters do
not count towards the limit: somebody wanted them, and their attempts are limited already.
"""

import logging
from typing import cast

from agents.letter_limit import LetterLimit, TooManyDeadLettersError
from app.clock import Clock, utc
from app.engine.contracts import Emitter, Message
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import encode_dead_letter
from app.record.dead_letter import (
    ATTEMPT_HEADER,
    MAX_RAW_KEY_BYTES,
    ORIGIN_HEADER,
    DeadLetter,
    DeadLetterReason,
    Origin,
    origin_in,
)

MAX_DIGITS = 6
logger = logging.getLogger(__name__)


class DeadLetters:
    """The dead letters of one agent, `stage`."""

    def __init__(
        self,
        emitter: Emitter,
        topic: str,
        *,
        stage: str,
        clock: Clock,
        metrics: Metrics,
        limit: LetterLimit | None = None,
    ) -> None:
        """Without a `limit` there may be any number of letters."""
        self._limit = limit or LetterLimit()
        self._emitter = emitter
        self._topic = topic
        self._stage = stage
        self._clock = clock
        self._counter = metrics.dead_letters_total
        self._stopped = metrics.dead_letters_stopped.labels(stage=stage)
        if limit is not None:
            self._stopped.set(limit.is_stopped(stage))

    def bury(self, message: Message, error: RecordError, *, attempt: int = 0) -> None:
        """Emit the letter, count it and say so; `attempt` is the record's, where it is known.

        A message that was sent again after it had ended here says so in a header.
        Raises: TooManyDeadLettersError, before anything is emitted.
        """
        attempts = attempts_of(message)
        if not attempts:
            self._check(message)
        letter = DeadLetter.of(
            cast(DeadLetterReason, error.reason),
            error.detail,
            origin=Origin(**message.position._asdict()),
            stage=self._stage,
            attempt=max(attempt, attempts),
            dead_at=utc(self._clock.now_s()),
            raw_key=message.key,
            raw_value=message.value,
            first_origin=origin_in(message.headers.get(ORIGIN_HEADER)) if attempts else None,
        )
        key = None if message.key is None else message.key[:MAX_RAW_KEY_BYTES]
        self._emitter.emit(self._topic, key, encode_dead_letter(letter))
        self._counter.labels(stage=self._stage, reason=error.reason).inc()
        logger.warning("dead letter from %s: %s", message.position, error)

    def _check(self, message: Message) -> None:
        """Pass a letter that the limit allows. Raises: TooManyDeadLettersError."""
        was_stopped = self._limit.is_stopped(self._stage)
        try:
            self._limit.check(self._stage, message.position)
        except TooManyDeadLettersError as exc:
            self._stopped.set(1)
            if not was_stopped:
                logger.error("%s", exc)
            raise


def attempts_of(message: Message) -> int:
    """How often a message was sent again after it had become a dead letter."""
    # A header's value may be null on the wire.
    value = message.headers.get(ATTEMPT_HEADER) or b"0"
    return int(value) if value.isdigit() and len(value) < MAX_DIGITS else 0


def as_record_error(exc: Exception) -> RecordError:
    """Why a message is buried whose step raised; what nobody foresaw is logged."""
    if isinstance(exc, RecordError):
        return exc
    logger.error("a step of an agent failed", exc_info=exc)
    return RecordError("step_failed", f"{type(exc).__name__}: {exc}")

"""An agent that stopped for too many dead letters makes its process degraded."""

from contextlib import suppress

from agents.letter_limit import LetterLimit, TooManyDeadLettersError
from app.composition.burying import Burying
from app.engine.contracts import Position
from app.views.health import readiness


def test_readiness_names_who_stopped() -> None:
    limit = LetterLimit(0.5, 10)
    parts = list(Burying(limit).parts())
    assert readiness(parts, draining=False)[1]["status"] == "ok"
    for offset in range(20):
        with suppress(TooManyDeadLettersError):
            limit.check("meter", Position("e", "t", 0, offset))
    status, answer = readiness(parts, draining=False)
    assert (status, answer["status"]) == (200, "degraded")
    assert answer["parts"] == {"dead letters": "stopped: meter"}

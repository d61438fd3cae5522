"""Dead letters in readiness: an agent that stopped rather than bury too many messages."""

from collections.abc import Sequence

from agents.letter_limit import OK, LetterLimit
from app.composition.feature import NoFeature
from app.views.health import Part


class Burying(NoFeature):
    """Says which agents of a process with a stream side have stopped."""

    def __init__(self, limit: LetterLimit) -> None:
        """`limit` is the one that all agents share."""
        self._limit = limit

    def parts(self) -> Sequence[Part]:
        """Degraded from the first refused letter until this process is started anew."""
        return [Part("dead letters", lambda: self._limit.state, frozenset({OK}))]

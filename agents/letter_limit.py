"""How many dead letters are too many: a bad deploy must stop, not empty a topic into them.

A letter costs nothing to the messages between two of them, so their density tells the share: the
last `least` letters of a partition that lie within `least / max_share` offsets are more than that
share. Then the stage is stopped there: every further letter of that partition is refused, by this
process, until it is started anew - with a build that can read the messages, or with a share of 1,
which lets them all go. What is refused stays where it is, uncommitted. Sans-I/O.
"""

from collections import deque

from app.errors import TailraceError

Place = tuple[str, str, int]


class TooManyDeadLettersError(TailraceError):
    """So many messages cannot be handled that it is rather us who are at fault."""


class LetterLimit:
    """The letters of all stages of this process; outlives an incarnation of the stream side."""

    def __init__(self, max_share: float = 1.0, least: int = 500) -> None:
        """`max_share` 1 knows no limit."""
        self._max_share = max_share
        self._least = least
        self._offsets: dict[Place, deque[int]] = {}
        self._stopped: set[Place] = set()

    @property
    def stopped_stages(self) -> list[str]:
        """The stages that were stopped, by name."""
        return sorted({stage for stage, _, _ in self._stopped})

    def check(self, stage: str, topic: str, partition: int, offset: int) -> None:
        """Note a letter about to be written. Raises: TooManyDeadLettersError."""
        if self._max_share >= 1:
            return
        place = (stage, topic, partition)
        if place not in self._stopped:
            offsets = self._offsets.setdefault(place, deque(maxlen=self._least))
            if offsets and offset <= offsets[-1]:
                # Read again: what was noted of it is noted.
                return
            offsets.append(offset)
            span = offsets[-1] - offsets[0] + 1
            if len(offsets) < self._least or len(offsets) <= span * self._max_share:
                return
            self._stopped.add(place)
        raise TooManyDeadLettersError(
            f"{stage} could not handle more than {self._max_share:.0%} of the last messages of"
            f" {topic}-{partition}, at offset {offset}: start a build that can, or set"
            " TAILRACE_DEAD_LETTERS__MAX_SHARE=1 to let them all become dead letters"
        )

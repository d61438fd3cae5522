"""How many dead letters are too many: a bad deploy must stop, not empty a topic into them.

What tells a bad deploy from a few poisoned messages is their share. A dead letter is weighed by its
gap, the number of messages since the one before it in the same partition: the last `least` letters
of a stage, over all its partitions, are more than the share when their gaps add up to fewer than
`least / max_share` messages. So 1 in 100 goes on for ever, and so does a burst shorter than
`least`; nobody has to count the messages that were handled.

Then the stage is stopped: every further letter is refused, by this process, until it is started
anew - with a build that can read the messages, or with a share of 1, which lets them all go. What
is refused stays where it is, uncommitted. A message that is read again is weighed once; the first
letter of a partition has no gap, and none that jumps back has one. Sans-I/O.
"""

from collections import deque
from dataclasses import dataclass, field

from app.engine.contracts import Position
from app.errors import TailraceError

REMEMBERED = 10_000
OK = "ok"


class TooManyDeadLettersError(TailraceError):
    """So many messages cannot be handled that it is rather us who are at fault."""


@dataclass(slots=True)
class _Letters:
    """The last letters of a stage."""

    least: int
    known: dict[Position, None] = field(default_factory=dict)
    newest: dict[tuple[str, str, int], int] = field(default_factory=dict)
    gaps: deque[int] = field(default_factory=deque)
    messages: int = 0
    is_stopped: bool = False

    def note(self, position: Position) -> None:
        """One more, unless it is known."""
        if position in self.known:
            return
        self.known[position] = None
        if len(self.known) > max(REMEMBERED, self.least):
            del self.known[next(iter(self.known))]
        partition = (position.epoch, position.topic, position.partition)
        before = self.newest.get(partition)
        self.newest[partition] = position.offset
        if before is None or position.offset < before:
            return
        self.gaps.append(position.offset - before)
        self.messages += self.gaps[-1]
        if len(self.gaps) > self.least:
            self.messages -= self.gaps.popleft()

    def exceed(self, max_share: float) -> bool:
        """Whether they are more than the share."""
        return len(self.gaps) == self.least and self.least > self.messages * max_share


class LetterLimit:
    """The letters of all stages of this process; outlives an incarnation of the stream side."""

    def __init__(self, max_share: float = 1.0, least: int = 200) -> None:
        """`max_share` 1 knows no limit."""
        self._max_share = max_share
        self._least = least
        self._stages: dict[str, _Letters] = {}

    @property
    def state(self) -> str:
        """For readiness: `ok`, or the stages that were stopped."""
        stopped = sorted(name for name, letters in self._stages.items() if letters.is_stopped)
        return f"stopped: {', '.join(stopped)}" if stopped else OK

    def is_stopped(self, stage: str) -> bool:
        """Whether every further letter of a stage is refused."""
        return stage in self._stages and self._stages[stage].is_stopped

    def check(self, stage: str, position: Position) -> None:
        """Note a letter about to be written. Raises: TooManyDeadLettersError."""
        if self._max_share >= 1:
            return
        letters = self._stages.setdefault(stage, _Letters(self._least))
        if not letters.is_stopped:
            letters.note(position)
            letters.is_stopped = letters.exceed(self._max_share)
        if letters.is_stopped:
            raise TooManyDeadLettersError(
                f"{stage} stops at {position.topic}-{position.partition}@{position.offset}: it"
                f" could not handle {self._least} of its last {letters.messages} messages, which is"
                f" more than {self._max_share:.0%}. Nothing is lost, they wait on the broker: start"
                " a build that can read them, or set TAILRACE_DEAD_LETTERS__MAX_SHARE=1 to let them"
                " all become dead letters"
            )

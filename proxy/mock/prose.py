"""The text of an answer and its token counts, derived from the request alone."""

import hashlib
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

STORY = (
    "The water that has turned the turbine runs on through the tailrace into the river below, "
    "and none of it is lost."
)
WORDS = tuple(STORY.split())
CHARS_PER_PROMPT_TOKEN = 4
EPOCH_S = 1_700_000_000
YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Prose:
    """An answer: its words with their spaces, the prompt's tokens, and whether it was cut short."""

    seed: str
    words: tuple[str, ...]
    prompt_tokens: int
    cut_short: bool

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.words)

    @property
    def output_tokens(self) -> int:
        """One token a word."""
        return len(self.words)

    @property
    def created_s(self) -> int:
        """A time in seconds since the Unix epoch that is the same for equal requests."""
        return EPOCH_S + int(self.seed[:8], 16) % YEAR_S


def compose(body: bytes, prompt: Any, words: int, max_tokens: object) -> Prose:
    """An answer of `words` words, or fewer where `max_tokens` allows no more."""
    limit = max_tokens if isinstance(max_tokens, int) and max_tokens >= 0 else words
    count = min(words, limit)
    seed = hashlib.sha256(body).hexdigest()
    # The first word tells answers to different requests apart.
    told = islice(cycle((f"[{seed[:6]}]", *WORDS)), count)
    spaced = tuple(f" {word}" if at else word for at, word in enumerate(told))
    tokens = max(1, -(-characters(prompt) // CHARS_PER_PROMPT_TOKEN))
    return Prose(seed, spaced, tokens, cut_short=limit < words)


def characters(prompt: Any) -> int:
    """The characters of all text in a prompt, however deep it is nested."""
    if isinstance(prompt, str):
        return len(prompt)
    if isinstance(prompt, list):
        return sum(characters(each) for each in prompt)
    if isinstance(prompt, dict):
        return sum(characters(each) for key, each in prompt.items() if key in ("content", "text"))
    return 0

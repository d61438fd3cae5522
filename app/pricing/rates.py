"""Rates times token counts, in exact integers of 10^-24 USD, rounded once to nano-USD.

A published price has at most 18 decimals of a USD per million tokens, so that its price per token
is a whole number of 10^-24 USD. Sums are exact; only the final division rounds, half to even.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, get_args

from app.record.fact import UnpricedReason
from app.record.model import Usage

UNITS_PER_NANO_USD = 10**15
UNITS_PER_TOKEN_AT_1_USD_PER_MTOK = 10**18
UNITS_AT_1_USD = 10**24

Kind = Literal[
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "audio_input",
    "audio_output",
    "cache_audio_read",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Rate:
    """What a token costs, in 10^-24 USD.

    `tiers` are pairs (prompt tokens, units), longest first: once the prompt has more tokens than
    that, the tier's price holds for every token.
    """

    base_units: int
    tiers: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, usd_per_mtok: Decimal, tiers: Mapping[int, Decimal] | None = None) -> "Rate":
        """A rate from prices in USD per million tokens, with tiers by prompt length."""
        steps = sorted((tiers or {}).items(), reverse=True)
        return cls(_units(usd_per_mtok), tuple((above, _units(price)) for above, price in steps))

    def at(self, input_tokens: int) -> int:
        """Units per token in an exchange whose prompt has this many tokens."""
        for above_tokens, units in self.tiers:
            if input_tokens > above_tokens:
                return units
        return self.base_units


def _units(usd_per_mtok: Decimal) -> int:
    return int((usd_per_mtok * UNITS_PER_TOKEN_AT_1_USD_PER_MTOK).to_integral_value())


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of a model; a kind without one costs what the kind it is a part of costs."""

    input: Rate | None = None
    output: Rate | None = None
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    reasoning: Rate | None = None
    audio_input: Rate | None = None
    audio_output: Rate | None = None
    cache_audio_read: Rate | None = None
    request_units: int = 0

    def nano_usd(self, usage: Usage) -> int | UnpricedReason:
        """The cost of these counts in nano-USD, or why it is not known."""
        if usage.input is None or (usage.output is None and self.output is not None):
            return "no_usage"
        if self.cache_audio_read is not None and usage.cache_read and usage.audio_input:
            return "ambiguous_usage"
        prompt = self._prompt_units(usage, usage.input)
        answer = self._answer_units(usage, usage.input)
        if prompt is None or answer is None:
            return "ambiguous_usage"
        return _rounded(prompt + answer + self.request_units)

    def prices(self, input_tokens: int) -> dict[str, str]:
        """What a prompt of this length is charged by: USD per million tokens, and per `request`."""
        found: dict[str, str] = {}
        for kind in KINDS:
            rate: Rate | None = getattr(self, kind)
            if rate is not None:
                found[kind] = _usd_text(rate.at(input_tokens))
        if self.request_units:
            found["request"] = _usd_text(self.request_units, UNITS_AT_1_USD)
        return found

    def _prompt_units(self, usage: Usage, input_tokens: int) -> int | None:
        """Units of the prompt; None where its parts are more than the whole."""
        rest, units = input_tokens, 0
        if self.cache_read is not None and usage.cache_read:
            rest -= usage.cache_read
            units += usage.cache_read * self.cache_read.at(input_tokens)
        if self.audio_input is not None and usage.audio_input:
            rest -= usage.audio_input
            units += usage.audio_input * self.audio_input.at(input_tokens)
        written_1h = usage.cache_write_1h or 0
        if self.cache_write_1h is not None and written_1h:
            rest -= written_1h
            units += written_1h * self.cache_write_1h.at(input_tokens)
        else:
            written_1h = 0
        if self.cache_write is not None:
            written = (usage.cache_write or 0) - written_1h
            if written < 0 or (usage.cache_write is None and usage.cache_write_1h):
                return None
            rest -= written
            units += written * self.cache_write.at(input_tokens)
        if rest < 0:
            return None
        return units + rest * self.input.at(input_tokens) if self.input is not None else units

    def _answer_units(self, usage: Usage, input_tokens: int) -> int | None:
        """Units of the answer; None where its parts are more than the whole."""
        rest, units = usage.output or 0, 0
        if self.reasoning is not None and usage.reasoning:
            rest -= usage.reasoning
            units += usage.reasoning * self.reasoning.at(input_tokens)
        if self.audio_output is not None and usage.audio_output:
            rest -= usage.audio_output
            units += usage.audio_output * self.audio_output.at(input_tokens)
        if rest < 0:
            return None
        return units + rest * self.output.at(input_tokens) if self.output is not None else units


@lru_cache(4096)
def _usd_text(units: int, units_at_1_usd: int = UNITS_PER_TOKEN_AT_1_USD_PER_MTOK) -> str:
    """A price as a decimal without needless digits."""
    return f"{(Decimal(units) / units_at_1_usd).normalize():f}"


def _rounded(units: int) -> int:
    """Units as nano-USD, half to even."""
    nano_usd, rest = divmod(units, UNITS_PER_NANO_USD)
    if rest * 2 > UNITS_PER_NANO_USD or (rest * 2 == UNITS_PER_NANO_USD and nano_usd % 2):
        return nano_usd + 1
    return nano_usd

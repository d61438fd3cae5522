"""Rates times counts, in exact integers of 10^-24 USD, rounded once to nano-USD.

A published price has at most 18 decimals of a USD per million tokens, so that its price per token
is a whole number of 10^-24 USD. Sums are exact; only the final division rounds, half to even.

What is counted twice is charged once: cached sound is a part of both what was read from a cache
and of the sound, and costs its own rate, else that of the cache, else that of sound.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, get_args

from app.record.fact import UnpricedReason
from app.record.model import Usage

UNITS_PER_NANO_USD = 10**15
UNITS_PER_TOKEN_AT_1_USD_PER_MTOK = 10**18
UNITS_AT_1_USD = 10**24
MS_PER_HOUR = 3_600_000

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
    "image_input",
    "image_output",
    "cache_image_read",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Each = Literal["request", "web_search", "searching_request", "image", "audio_hour"]
"""What is charged by the piece: an exchange, a web search, an exchange that searched however often,
an image made, an hour of sound heard."""
EACH: tuple[Each, ...] = get_args(Each)


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

    def times(self, factor: Decimal) -> "Rate":
        """The rate at a discount or a surcharge, to the nearest 10^-24 USD."""
        scaled = [(above, int((units * factor).to_integral_value())) for above, units in self.tiers]
        return Rate(int((self.base_units * factor).to_integral_value()), tuple(scaled))


def _units(usd_per_mtok: Decimal) -> int:
    return int((usd_per_mtok * UNITS_PER_TOKEN_AT_1_USD_PER_MTOK).to_integral_value())


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of a model; a kind without one costs what the kind it is a part of costs.

    `<each>_units` are charges by the piece, in 10^-24 USD; None where there is no such price.
    """

    input: Rate | None = None
    output: Rate | None = None
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    reasoning: Rate | None = None
    audio_input: Rate | None = None
    audio_output: Rate | None = None
    cache_audio_read: Rate | None = None
    image_input: Rate | None = None
    image_output: Rate | None = None
    cache_image_read: Rate | None = None
    request_units: int = 0
    web_search_units: int | None = None
    searching_request_units: int | None = None
    image_units: int | None = None
    audio_hour_units: int | None = None

    @classmethod
    def of(cls, rates: Mapping[Kind, Rate], usd_per: Mapping[Each, Decimal]) -> "Rates":
        """Rates by kind, and charges in USD by the piece."""
        values: dict[str, Any] = {str(kind): rate for kind, rate in rates.items()}
        for each, usd in usd_per.items():
            values[f"{each}_units"] = int(usd * UNITS_AT_1_USD)
        return cls(**values)

    def nano_usd(self, usage: Usage) -> int | UnpricedReason:
        """The cost of these counts in nano-USD, or why it is not known."""
        pieces = self._pieces_units(usage)
        if not isinstance(pieces, int):
            return pieces
        tokens = self._tokens_units(usage)
        if not isinstance(tokens, int):
            return tokens
        if self.audio_hour_units is None or not usage.audio_input_ms:
            return _rounded(tokens + pieces, UNITS_PER_NANO_USD)
        # An hour's price is not always a whole number of units per millisecond.
        units_ms = (tokens + pieces) * MS_PER_HOUR + self.audio_hour_units * usage.audio_input_ms
        return _rounded(units_ms, UNITS_PER_NANO_USD * MS_PER_HOUR)

    def times(
        self,
        factor: Decimal,
        unchanged: Set[Kind] = frozenset(),
        without: Set[Kind] = frozenset(),
    ) -> "Rates":
        """The same with all rates of tokens multiplied, but for those that stay or are not there.

        Charges by the piece stay.
        """
        rates = {kind: getattr(self, kind) for kind in KINDS if kind not in unchanged}
        changed = {kind: rate.times(factor) for kind, rate in rates.items() if rate}
        return replace(self, **changed | dict.fromkeys(without))

    def prices(self, input_tokens: int) -> dict[str, str]:
        """What a prompt of this length is charged by: USD per million tokens, and per piece."""
        found: dict[str, str] = {}
        for kind in KINDS:
            rate: Rate | None = getattr(self, kind)
            if rate is not None:
                found[kind] = _usd_text(rate.at(input_tokens))
        for each in EACH:
            units: int | None = getattr(self, f"{each}_units")
            if units:
                found[each] = _usd_text(units, UNITS_AT_1_USD)
        return found

    def _pieces_units(self, usage: Usage) -> int | UnpricedReason:
        """Units of what is charged by the piece, sound apart."""
        units = self.request_units
        if usage.web_searches:
            if self.searching_request_units is not None:
                units += self.searching_request_units
            elif self.web_search_units is not None:
                units += usage.web_searches * self.web_search_units
            else:
                return "uncounted_kind"
        if self.image_units is not None:
            if usage.images is None:
                return "no_usage"
            units += usage.images * self.image_units
        return units

    def _tokens_units(self, usage: Usage) -> int | UnpricedReason:
        """Units of all tokens."""
        if self.input is None and self.output is None and self._has_pieces:
            known = self.audio_hour_units is None or usage.audio_input_ms is not None
            return 0 if known else "no_usage"
        if usage.input is None or (usage.output is None and self.output is not None):
            return "no_usage"
        if self._hides_cached(usage):
            return "ambiguous_usage"
        prompt = self._prompt_units(usage, usage.input)
        if not isinstance(prompt, int):
            return prompt
        answer = self._answer_units(usage, usage.input)
        return prompt + answer if isinstance(answer, int) else answer

    @property
    def _has_pieces(self) -> bool:
        return self.image_units is not None or self.audio_hour_units is not None

    def _hides_cached(self, usage: Usage) -> bool:
        """Whether it is not told how much of the sound or the images came from a cache."""
        if not usage.cache_read:
            return False
        sound = self.cache_audio_read is not None and usage.audio_input
        images = self.cache_image_read is not None and usage.image_input
        return bool(
            (sound and usage.cache_audio_read is None)
            or (images and usage.cache_image_read is None)
        )

    def _prompt_units(self, usage: Usage, input_tokens: int) -> int | UnpricedReason:
        sound, images = usage.cache_audio_read or 0, usage.cache_image_read or 0
        written_1h = usage.cache_write_1h or 0
        parts = (
            (sound, self.cache_audio_read or self.cache_read or self.audio_input),
            (images, self.cache_image_read or self.cache_read or self.image_input),
            ((usage.cache_read or 0) - sound - images, self.cache_read),
            ((usage.audio_input or 0) - sound, self.audio_input),
            ((usage.image_input or 0) - images, self.image_input),
            (written_1h, self.cache_write_1h or self.cache_write),
            ((usage.cache_write or 0) - written_1h, self.cache_write),
        )
        return _units_of(input_tokens, self.input, parts, input_tokens)

    def _answer_units(self, usage: Usage, input_tokens: int) -> int | UnpricedReason:
        parts = (
            (usage.reasoning or 0, self.reasoning),
            (usage.audio_output or 0, self.audio_output),
            (usage.image_output or 0, self.image_output),
        )
        return _units_of(usage.output or 0, self.output, parts, input_tokens)


def _units_of(
    whole: int,
    rate: Rate | None,
    parts: tuple[tuple[int, Rate | None], ...],
    input_tokens: int,
) -> int | UnpricedReason:
    """Units of a whole, parts of which have rates of their own; what has no rate is not free."""
    rest, units = whole, 0
    for tokens, own in parts:
        if tokens and own is not None:
            if tokens < 0:
                return "ambiguous_usage"
            rest -= tokens
            units += tokens * own.at(input_tokens)
    if rest < 0:
        return "ambiguous_usage"
    if rest and rate is None:
        return "uncounted_kind"
    return units + rest * rate.at(input_tokens) if rate is not None else units


@lru_cache(4096)
def _usd_text(units: int, units_at_1_usd: int = UNITS_PER_TOKEN_AT_1_USD_PER_MTOK) -> str:
    """A price as a decimal without needless digits."""
    return f"{(Decimal(units) / units_at_1_usd).normalize():f}"


def _rounded(amount: int, per_nano_usd: int) -> int:
    """The amount as nano-USD, half to even."""
    nano_usd, rest = divmod(amount, per_nano_usd)
    if rest * 2 > per_nano_usd or (rest * 2 == per_nano_usd and nano_usd % 2):
        return nano_usd + 1
    return nano_usd

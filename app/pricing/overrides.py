"""Our own prices: TOML files that are asked before the published ones.

[[price]]                      # rows are tried in order, the first valid match counts
provider = "mock"              # name of the upstream, or of the provider that bills it
model = "gpt-x*"               # exact, or a prefix ending in *; case does not matter
since = 2025-01-01             # optional: only for exchanges started on or after it, UTC
service_tier = "priority"      # optional: only for exchanges of this tier; without it: standard
usd_per_mtok = { input = 1.00, output = 2.00, cache_read = 0.10 }
usd_per = { web_search = 0.01, image = 0.04, audio_hour = 0.36, request = 0.005 }     # optional
tiers = [ { above_input_tokens = 200000, usd_per_mtok = { input = 2.00 } } ]          # optional

[[factor]]                     # a tier whose tokens cost so much more or less than the standard's
provider = "openai"
model = "*"
service_tier = "batch"
factor = 0.5
unchanged = ["cache_read"]     # optional: kinds that cost what they cost in the standard tier
without = ["cache_read"]       # optional: kinds that have no price of their own in this tier

[providers]                    # whose prices an upstream's exchanges have
gemini = "google"
"""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import StartError
from app.pricing.rates import Each, Kind, Rate, Rates
from app.pricing.schedule import Step

Price = Annotated[Decimal, Field(ge=0, le=2000, max_digits=22, decimal_places=18)]


class Strict(BaseModel):
    """A part of a price file; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(Strict):
    """Prices for exchanges whose prompt is longer than the bound."""

    above_input_tokens: Annotated[int, Field(ge=0)]
    usd_per_mtok: dict[Kind, Price]


class Matching(Strict):
    """Which exchanges a part of the file is for."""

    provider: str
    model: str
    service_tier: str | None = None

    def matches(self, providers: Sequence[str | None], model: str, tier: str | None) -> bool:
        """Whether it is for this model of one of these providers, in this service tier."""
        if self.provider not in providers or self.service_tier != tier:
            return False
        wanted, found = self.model.lower(), model.lower()
        return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted


class Factor(Matching):
    """What the tokens of a service tier cost, as a multiple of the standard tier's prices."""

    service_tier: str
    factor: Annotated[Decimal, Field(ge=0, le=100, max_digits=10, decimal_places=6)]
    unchanged: frozenset[Kind] = frozenset()
    without: frozenset[Kind] = frozenset()

    def of(self, rates: Rates) -> Rates:
        """The rates in this tier, from those of the standard one."""
        return rates.times(self.factor, self.unchanged, self.without)


class Row(Matching):
    """The prices of the models that match."""

    since: date | None = None
    usd_per_mtok: dict[Kind, Price] = Field(default_factory=dict)
    usd_per: dict[Each, Price] = Field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()

    @model_validator(mode="after")
    def _has_prices(self) -> "Row":
        if not self.usd_per_mtok and not self.usd_per:
            raise ValueError("a row has neither usd_per_mtok nor usd_per")
        return self

    @model_validator(mode="after")
    def _tiers_change_what_has_a_price(self) -> "Row":
        for tier in self.tiers:
            if tier.usd_per_mtok.keys() - self.usd_per_mtok.keys():
                raise ValueError("a tier has a price for a kind that the row has none for")
        return self

    def step(self) -> Step:
        """The row as a step of a schedule."""
        rates = Rates.of({kind: self._rate(kind) for kind in self.usd_per_mtok}, self.usd_per)
        if self.since is None:
            return Step(rates)
        start = datetime(self.since.year, self.since.month, self.since.day, tzinfo=UTC)
        return Step(rates, lambda time: time >= start)

    def _rate(self, kind: Kind) -> Rate:
        tiers = {
            tier.above_input_tokens: tier.usd_per_mtok[kind]
            for tier in self.tiers
            if kind in tier.usd_per_mtok
        }
        return Rate.of(self.usd_per_mtok[kind], tiers)


class PriceFile(Strict):
    """One file."""

    price: tuple[Row, ...] = ()
    factor: tuple[Factor, ...] = ()
    providers: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overrides:
    """All files, the earlier ones first; `version` is a hash of their texts."""

    rows: tuple[Row, ...]
    providers: dict[str, str]
    version: str
    factors: tuple[Factor, ...] = ()

    @classmethod
    def read(cls, paths: Sequence[Path]) -> "Overrides":
        """Read the files. Raises: StartError naming the file and what is wrong in it."""
        files, digest = [], hashlib.sha256()
        for path in paths:
            text = _text(path)
            digest.update(text.encode())
            files.append(_parsed(path, text))
        providers: dict[str, str] = {}
        for file in reversed(files):
            providers |= file.providers
        rows = tuple(row for file in files for row in file.price)
        factors = tuple(each for file in files for each in file.factor)
        return cls(rows, providers, digest.hexdigest()[:8], factors)

    def steps(
        self, providers: Sequence[str | None], model: str, tier: str | None = None
    ) -> tuple[Step, ...]:
        """The rows for a model in a service tier (None: standard), in order of precedence."""
        return tuple(row.step() for row in self.rows if row.matches(providers, model, tier))

    def factor(self, providers: Sequence[str | None], model: str, tier: str) -> Factor | None:
        """How a tier's prices follow from the standard's; None where nobody said."""
        return next((row for row in self.factors if row.matches(providers, model, tier)), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise StartError(f"price file {path} cannot be read: {exc}") from exc


def _parsed(path: Path, text: str) -> PriceFile:
    try:
        return PriceFile.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as exc:
        raise StartError(f"price file {path} is not TOML: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise StartError(f"price file {path}: {field}: {first['msg']}") from exc

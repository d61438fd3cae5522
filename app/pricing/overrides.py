"""Our own prices: TOML files that are asked before the published ones.

[[price]]                      # rows are tried in order, the first valid match counts
provider = "mock"              # name of the upstream, or of the provider that bills it
model = "gpt-x*"               # exact, or a prefix ending in *; case does not matter
since = 2025-01-01             # optional: only for exchanges started on or after it, UTC
usd_per_mtok = { input = 1.00, output = 2.00, cache_read = 0.10 }
tiers = [ { above_input_tokens = 200000, usd_per_mtok = { input = 2.00 } } ]   # optional

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
from app.pricing.rates import Kind, Rate, Rates
from app.pricing.schedule import Step

Price = Annotated[Decimal, Field(ge=0, le=2000, max_digits=22, decimal_places=18)]


class Strict(BaseModel):
    """A part of a price file; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(Strict):
    """Prices for exchanges whose prompt is longer than the bound."""

    above_input_tokens: Annotated[int, Field(ge=0)]
    usd_per_mtok: dict[Kind, Price]


class Row(Strict):
    """The prices of the models that match."""

    provider: str
    model: str
    since: date | None = None
    usd_per_mtok: Annotated[dict[Kind, Price], Field(min_length=1)]
    tiers: tuple[Tier, ...] = ()

    @model_validator(mode="after")
    def _tiers_change_what_has_a_price(self) -> "Row":
        for tier in self.tiers:
            if tier.usd_per_mtok.keys() - self.usd_per_mtok.keys():
                raise ValueError("a tier has a price for a kind that the row has none for")
        return self

    def matches(self, providers: Sequence[str | None], model: str) -> bool:
        """Whether the row is for this model of one of these providers."""
        if self.provider not in providers:
            return False
        wanted, found = self.model.lower(), model.lower()
        return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted

    def step(self) -> Step:
        """The row as a step of a schedule."""
        rates = Rates(**{kind: self._rate(kind) for kind in self.usd_per_mtok}, request_units=0)
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
    providers: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overrides:
    """All files, the earlier ones first; `version` is a hash of their texts."""

    rows: tuple[Row, ...]
    providers: dict[str, str]
    version: str

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
        return cls(rows, providers, digest.hexdigest()[:8])

    def steps(self, providers: Sequence[str | None], model: str) -> tuple[Step, ...]:
        """The rows for a model, in order of precedence."""
        return tuple(row.step() for row in self.rows if row.matches(providers, model))


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

"""Pricing a record: our overrides first, then the published prices, else null with the reason.

The provider that bills an exchange is, in this order: what the price file's `[providers]` says of
the upstream's name; the provider whose API has the upstream's address; the provider that has the
upstream's very name. A gateway that is none of these is an unknown provider, whatever its models
are called. The model is the one the response names, else the one requested.

A service tier other than the standard one has prices of its own in our file, or a factor there to
multiply the standard's by; a tier that nobody said anything of has no known price.
"""

from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from app.pricing.catalog import Catalog
from app.pricing.overrides import Overrides
from app.pricing.rates import Rates
from app.pricing.schedule import Schedule, Step
from app.record.fact import Cost, UnpricedReason
from app.record.model import Record

STANDARD_TIERS = frozenset({"", "auto", "default", "standard", "on_demand"})
"""How providers name the tier that their list prices are for."""
WHOLE = frozenset({"completed", "refusal"})
"""Outcomes after which nothing more can come."""
MAX_CACHED_MODELS = 4096
MAX_CACHED_UPSTREAMS = 1024


class Pricer:
    """Prices records; a pure function of the record and the price data loaded at the start."""

    def __init__(self, overrides: Overrides, catalog: Catalog | None = None) -> None:
        self._overrides = overrides
        self._catalog = catalog or Catalog()
        self._version = f"{self._catalog.version}+{overrides.version}"
        self._billed_by = lru_cache(MAX_CACHED_UPSTREAMS)(self._find_provider)
        self._schedule = lru_cache(MAX_CACHED_MODELS)(self._find_schedule)

    @classmethod
    def load(cls, overrides_path: Path | None = None) -> "Pricer":
        """A pricer with our price file, after the operator's if there is one.

        Raises: StartError if a file cannot be read.
        """
        with as_file(files("config") / "prices.toml") as ours:
            paths = [ours] if overrides_path is None else [overrides_path, ours]
            return cls(Overrides.read(paths))

    @property
    def version(self) -> str:
        """Names the price data: the package's version and a hash of the price files."""
        return self._version

    @property
    def cached_models(self) -> int:
        """How many models have their prices in the cache, at most `MAX_CACHED_MODELS`."""
        return self._schedule.cache_info().currsize

    def price(self, record: Record) -> Cost:
        """What the exchange cost in nano-USD, or null with the reason; never raises."""
        usage = record.usage
        if usage is None:
            return self._unknown("no_usage" if record.outcome in WHOLE else "not_completed")
        model = record.model or record.model_requested
        billed_by = self._billed_by(record.provider, record.upstream_url)
        tier = (record.service_tier or "").lower()
        schedule = self._schedule(
            record.provider, billed_by, model or "", None if tier in STANDARD_TIERS else tier
        )
        rates = schedule.rates_at(record.started_at)
        if not isinstance(rates, Rates):
            return self._unknown(rates)
        found = rates.nano_usd(usage)
        if not isinstance(found, int):
            return self._unknown(found)
        prices = rates.prices(usage.input or 0)
        return Cost(nano_usd=found, price_version=self._version, prices=prices)

    def _unknown(self, reason: UnpricedReason) -> Cost:
        return Cost(nano_usd=None, price_version=self._version, unpriced_reason=reason)

    def _find_provider(self, upstream: str, upstream_url: str) -> str | None:
        named = self._overrides.providers.get(upstream)
        if named is not None:
            return named
        at_address = self._catalog.provider_at(upstream_url)
        if at_address is not None:
            return at_address
        return upstream if self._catalog.knows(upstream) else None

    def _find_schedule(
        self, upstream: str, billed_by: str | None, model: str, tier: str | None
    ) -> Schedule:
        if not model:
            return Schedule((Step("unknown_model"),))
        if tier is not None:
            return self._find_tier(upstream, billed_by, model, tier)
        ours = self._overrides.steps((upstream, billed_by), model)
        if billed_by is None or not self._catalog.knows(billed_by):
            return Schedule((*ours, Step("unknown_provider")))
        return Schedule((*ours, *self._catalog.schedule(billed_by, model).steps))

    def _find_tier(self, upstream: str, billed_by: str | None, model: str, tier: str) -> Schedule:
        names = (upstream, billed_by)
        ours = self._overrides.steps(names, model, tier)
        factor = self._overrides.factor(names, model, tier)
        if factor is None:
            return Schedule((*ours, Step("unknown_service_tier")))
        standard = self._find_schedule(upstream, billed_by, model, None)
        return Schedule((*ours, *standard.changed(factor.of).steps))

"""The published prices: the data bundled with genai-prices, read as it was installed.

A provider is known by the address of its API, or else by its name in the data. A model may have
several prices: by date, or by time of day; the last valid one counts, else the first.
"""

from decimal import Decimal
from importlib.metadata import version

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

from app.pricing.rates import Each, Kind, Rate, Rates
from app.pricing.schedule import Schedule, Step
from app.record.fact import UnpricedReason

_KINDS: dict[str, Kind] = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "cache_audio_read_mtok": "cache_audio_read",
    "input_image_mtok": "image_input",
    "output_image_mtok": "image_output",
    "cache_image_read_mtok": "cache_image_read",
}
_PER_THOUSAND_REQUESTS = "requests_kcount"
_PER_THOUSAND_SEARCHES = "web_searches_kcount"
_HOURS = ("input_audio_hours", "audio_hours")
_TOOL_CALLS = frozenset(
    {"social_searches_kcount", "storage_searches_kcount", "code_executions_kcount"}
)
# Billed by the prompt that was grounded, however many queries it took; later models by the query
# (ai.google.dev/gemini-api/docs/pricing, "Grounding with Google Search").
_SEARCH_BY_REQUEST = ("gemini-1.", "gemini-2.")
_UNKNOWN_MODEL = Schedule((Step("unknown_model"),))


class Catalog:
    """The published prices of all providers."""

    def __init__(self, snapshot: DataSnapshot | None = None) -> None:
        self._providers = (snapshot or get_snapshot()).providers
        self._by_id = {provider.id: provider for provider in self._providers}
        self.version = f"genai-prices-{version('genai-prices')}"

    def provider_at(self, api_url: str) -> str | None:
        """The id of the provider whose API has this address, or None."""
        # A snapshot of its own each time: a shared one remembers every address it was ever asked.
        snapshot = DataSnapshot(self._providers, from_auto_update=False)
        try:
            return snapshot.find_provider(None, None, api_url).id
        except LookupError:
            return None

    def knows(self, provider: str) -> bool:
        """Whether this is the id of a provider in the data."""
        return provider in self._by_id

    def schedule(self, provider: str, model: str) -> Schedule:
        """The prices of a model; one that says `unknown_model` where there are none."""
        billed_by: Provider = self._by_id[provider]
        found = billed_by.find_model(model, all_providers=self._providers)
        return _UNKNOWN_MODEL if found is None else _schedule(found)


def _schedule(model: ModelInfo) -> Schedule:
    if isinstance(model.prices, ModelPrice):
        return Schedule((Step(_rates(model, model.prices)),))
    steps = [
        Step(_rates(model, each.prices), each.constraint.active if each.constraint else None)
        for each in reversed(model.prices)
    ]
    if not steps:
        return _UNKNOWN_MODEL
    return Schedule((*steps, Step(steps[-1].rates)))


def _rates(model: ModelInfo, price: ModelPrice) -> Rates | UnpricedReason:
    """The price as rates, or why it cannot be applied to what a record counts."""
    prices = {key: value for key, value in vars(price).items() if value is not None}
    counted = {_KINDS[key]: _rate(value) for key, value in prices.items() if key in _KINDS}
    by_piece = _by_piece(model, prices)
    known = {*_KINDS, *_TOOL_CALLS, *_HOURS, _PER_THOUSAND_REQUESTS, _PER_THOUSAND_SEARCHES}
    if prices.keys() - known:
        return "uncounted_kind"
    if not counted and "audio_hour" not in by_piece:
        free = model.id.endswith(":free")
        return Rates(input=Rate(0), output=Rate(0)) if free else "unknown_model"
    return Rates.of(counted, by_piece)


def _by_piece(model: ModelInfo, prices: dict[str, object]) -> dict[Each, Decimal]:
    """Charges by the piece, in USD."""
    found: dict[Each, Decimal] = {}
    if isinstance(fee := prices.get(_PER_THOUSAND_REQUESTS), Decimal):
        found["request"] = fee / 1000
    if isinstance(search := prices.get(_PER_THOUSAND_SEARCHES), Decimal):
        by_request = model.id.startswith(_SEARCH_BY_REQUEST)
        found["searching_request" if by_request else "web_search"] = search / 1000
    hour = next((prices[name] for name in _HOURS if name in prices), None)
    if isinstance(hour, Decimal):
        found["audio_hour"] = hour
    return found


def _rate(price: Decimal | TieredPrices) -> Rate:
    if isinstance(price, TieredPrices):
        return Rate.of(price.base, {tier.start: tier.price for tier in price.tiers})
    return Rate.of(price)

"""The published prices as we read them: the data holds no more than we understand."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ClauseEquals, ModelInfo, ModelPrice, Provider, TieredPrices

from app.pricing.catalog import Catalog
from app.pricing.rates import Rate, Rates

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
TOKENS = ["input", "output", "cache_read", "cache_write", "cache_write_1h", "output_reasoning"]
TOKENS += ["output_citation", "input_audio", "output_audio", "cache_audio_read", "input_image"]
TOKENS += ["output_image", "cache_image_read", "input_video", "output_video"]
OTHERS = ["requests_kcount", "web_searches_kcount", "storage_searches_kcount", "audio_hours"]
OTHERS += ["input_audio_hours", "input_mchars", "input_text_messages_kcount"]
OTHERS += ["input_document_kpages", "input_annotated_document_kpages"]
KNOWN_KEYS = {f"{kind}_mtok" for kind in TOKENS} | set(OTHERS)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def made_up(price: ModelPrice, model: str = "m") -> Catalog:
    info = ModelInfo(id=model, match=ClauseEquals(equals=model), prices=price)
    provider = Provider(id="p", name="P", api_pattern="https://p", models=[info])
    return Catalog(DataSnapshot([provider], from_auto_update=False))


def published() -> list[ModelPrice]:
    """Every price of every model in the installed data."""
    found: list[ModelPrice] = []
    for provider in get_snapshot().providers:
        for model in provider.models:
            prices = model.prices
            found += [prices] if isinstance(prices, ModelPrice) else [p.prices for p in prices]
    return found


def test_the_data_has_no_kind_of_price_we_have_not_thought_about() -> None:
    keys = {key for price in published() for key, value in vars(price).items() if value is not None}
    assert keys <= KNOWN_KEYS


def test_every_published_price_is_exact_in_our_units_and_below_our_bound() -> None:
    values = [value for price in published() for value in vars(price).values() if value is not None]
    decimals = [value for value in values if isinstance(value, Decimal)]
    for value in values:
        if isinstance(value, TieredPrices):
            decimals += [value.base, *(tier.price for tier in value.tiers)]
    assert len(decimals) > 5000
    for value in decimals:
        assert Rate.of(value).base_units == value * 10**18
        assert value <= 2000


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://generativelanguage.googleapis.com/v1beta", "google"),
        ("https://corp.openai.azure.com/openai", "azure"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("http://127.0.0.1:8000/v1", None),
        ("http://llm.example.com/https://api.openai.com/v1", None),
        ("", None),
    ],
)
def test_a_provider_is_known_by_the_address_of_its_api(
    catalog: Catalog, url: str, provider: str | None
) -> None:
    assert catalog.provider_at(url) == provider


def test_a_model_that_is_not_listed_is_unknown(catalog: Catalog) -> None:
    assert catalog.schedule("openai", "gpt-does-not-exist").rates_at(NOW) == "unknown_model"


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd"])
def test_a_model_priced_by_what_is_not_counted_has_no_price(catalog: Catalog, model: str) -> None:
    assert catalog.schedule("openai", model).rates_at(NOW) == "uncounted_kind"


def test_an_empty_price_is_unknown_unless_the_model_is_called_free() -> None:
    assert made_up(ModelPrice()).schedule("p", "m").rates_at(NOW) == "unknown_model"
    free = made_up(ModelPrice(), "m:free").schedule("p", "m:free").rates_at(NOW)
    assert free == Rates(input=Rate(0), output=Rate(0))


def test_tool_calls_billed_by_use_do_not_hide_the_price_of_tokens() -> None:
    price = ModelPrice(input_mtok=Decimal(1), storage_searches_kcount=Decimal(10))
    assert made_up(price).schedule("p", "m").rates_at(NOW) == Rates(input=Rate.of(Decimal(1)))


def test_web_searches_are_charged_by_the_query_or_once_for_a_prompt() -> None:
    price = ModelPrice(input_mtok=Decimal(1), web_searches_kcount=Decimal(35))
    by_query = made_up(price, "gemini-3-pro").schedule("p", "gemini-3-pro").rates_at(NOW)
    assert by_query == Rates(input=Rate.of(Decimal(1)), web_search_units=35 * 10**21)
    once = made_up(price, "gemini-2.5-pro").schedule("p", "gemini-2.5-pro").rates_at(NOW)
    assert once == Rates(input=Rate.of(Decimal(1)), searching_request_units=35 * 10**21)


def test_an_hour_of_sound_has_its_price(catalog: Catalog) -> None:
    heard = catalog.schedule("openai", "whisper-1").rates_at(NOW)
    assert heard == Rates(audio_hour_units=36 * 10**22)


def test_the_version_names_the_package() -> None:
    assert Catalog().version.startswith("genai-prices-0.")

"""Who bills an exchange, which model counts, and why a price is unknown."""

from pathlib import Path

import pytest

from app.pricing import Pricer
from app.pricing.pricer import MAX_CACHED_MODELS
from app.record.fact import UnpricedReason
from app.record.model import Outcome, Record, Usage
from tests.support.records import record

USAGE = Usage(input=1000, output=200)
LOCAL = "http://127.0.0.1:8000/v1"


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer.load()


def exchange(**changes: object) -> Record:
    return record(**({"model": "gpt-4o", "usage": USAGE} | changes))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"usage": None}, "no_usage"),
        ({"usage": None, "outcome": "refusal"}, "no_usage"),
        ({"usage": None, "outcome": "upstream_error"}, "not_completed"),
        ({"usage": None, "outcome": "client_abort"}, "not_completed"),
        ({"usage": None, "outcome": "timeout", "provider": "acme"}, "not_completed"),
        ({"usage": Usage()}, "no_usage"),
        ({"usage": Usage(input=5)}, "no_usage"),
        ({"usage": Usage(input=5, output=1, cache_read=6)}, "ambiguous_usage"),
        ({"model": None, "model_requested": None}, "unknown_model"),
        ({"model": "my-own-model"}, "unknown_model"),
        ({"model": "tts-1"}, "uncounted_kind"),
        ({"model": "whisper-1"}, "no_usage"),
        ({"model": "text-embedding-3-small"}, "uncounted_kind"),
        (
            {"model": "gpt-3.5-turbo", "usage": Usage(input=1, output=1, web_searches=1)},
            "uncounted_kind",
        ),
        ({"service_tier": "scale"}, "unknown_service_tier"),
        ({"service_tier": "batch", "model": "my-own-model"}, "unknown_model"),
        ({"provider": "acme", "upstream_url": LOCAL}, "unknown_provider"),
        ({"provider": "acme", "upstream_url": LOCAL, "model": "own"}, "unknown_provider"),
    ],
)
def test_what_cannot_be_priced_is_null_with_the_reason(
    pricer: Pricer, change: dict[str, object], reason: UnpricedReason
) -> None:
    cost = pricer.price(exchange(**change))
    assert (cost.nano_usd, cost.unpriced_reason) == (None, reason)
    assert cost.price_version == pricer.version
    assert cost.prices is None


def test_the_prices_that_were_used_are_told(pricer: Pricer) -> None:
    cost = pricer.price(exchange())
    assert cost.prices is not None
    assert {"input", "output"} <= set(cost.prices)


@pytest.mark.parametrize(
    "outcome", ["completed", "client_abort", "upstream_error", "timeout", "refusal"]
)
def test_whatever_the_outcome_reported_tokens_are_priced(pricer: Pricer, outcome: Outcome) -> None:
    assert pricer.price(exchange(outcome=outcome)).nano_usd == 4_500_000


def test_estimated_tokens_are_priced(pricer: Pricer) -> None:
    estimated = Usage(input=1000, output=200, estimated=True)
    assert pricer.price(exchange(usage=estimated)).nano_usd == 4_500_000


def test_the_model_of_the_response_counts_else_the_one_requested(pricer: Pricer) -> None:
    both = exchange(model="gpt-4o-mini", model_requested="gpt-4o")
    assert pricer.price(both).nano_usd == 270_000
    assert pricer.price(exchange(model=None, model_requested="gpt-4o")).nano_usd == 4_500_000


def test_an_upstream_is_known_by_its_address_whatever_its_name(pricer: Pricer) -> None:
    named = exchange(provider="team-a", upstream_url="https://api.openai.com/v1")
    assert pricer.price(named).nano_usd == 4_500_000


def test_an_upstream_behind_a_gateway_is_known_by_its_very_name(pricer: Pricer) -> None:
    assert pricer.price(exchange(provider="openai", upstream_url=LOCAL)).nano_usd == 4_500_000
    gemini = exchange(provider="gemini", upstream_url=LOCAL, model="gemini-2.0-flash")
    assert pricer.price(gemini).nano_usd == 180_000


def test_an_operator_says_whose_prices_a_gateway_has(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[providers]\nacme = "openai"\nopenai = "none"')
    pricer = Pricer.load(path)
    assert pricer.price(exchange(provider="acme", upstream_url=LOCAL)).nano_usd == 4_500_000
    assert pricer.price(exchange()).unpriced_reason == "unknown_provider"


def test_an_operators_price_goes_before_ours_and_the_published(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[price]]\nprovider = "openai"\nmodel = "gpt-4o"\nusd_per_mtok = {input = 1, output = 1}\n'
        '[[price]]\nprovider = "mock"\nmodel = "m"\nusd_per_mtok = { input = 0, output = 0 }'
    )
    pricer = Pricer.load(path)
    assert pricer.price(exchange()).nano_usd == 1_200_000
    assert pricer.price(exchange(model="gpt-4o-mini")).nano_usd == 270_000
    assert pricer.price(exchange(provider="mock", model="m")).nano_usd == 0
    assert pricer.price(exchange(provider="mock", model="n")).nano_usd == 1_400_000
    assert pricer.version != Pricer.load().version


def test_the_version_names_the_data_and_the_price_files(pricer: Pricer) -> None:
    package, overrides = pricer.version.split("+")
    assert package.startswith("genai-prices-")
    assert len(overrides) == 8


def test_many_model_names_do_not_grow_the_cache_or_change_a_price(pricer: Pricer) -> None:
    before = pricer.price(exchange())
    for number in range(MAX_CACHED_MODELS + 100):
        pricer.price(exchange(provider="mock", model=f"model-{number}"))
    assert pricer.cached_models == MAX_CACHED_MODELS
    assert pricer.price(exchange()) == before


def test_a_cached_model_still_changes_its_price_with_the_time(pricer: Pricer) -> None:
    old, new = (exchange(model="o3", started_at=f"2025-06-{day:02d}T12:00:00Z") for day in (9, 10))
    costs = [pricer.price(each).nano_usd for each in (old, new, old)]
    assert costs == [18_000_000, 3_600_000, 18_000_000]


def test_azure_bills_the_models_of_openai_and_a_free_model_is_free(pricer: Pricer) -> None:
    azure = "https://corp.openai.azure.com/openai"
    at_azure = exchange(provider="corp", upstream_url=azure, model="gpt-4o-2024-08-06")
    assert pricer.price(at_azure).nano_usd == 4_500_000
    router = "https://openrouter.ai/api/v1"
    free = exchange(provider="router", upstream_url=router, model="qwen/qwen3-coder:free")
    assert pricer.price(free).nano_usd == 0


@pytest.mark.parametrize("tier", ["default", "auto", "standard", "on_demand", "Default"])
def test_the_standard_tier_has_many_names(pricer: Pricer, tier: str) -> None:
    assert pricer.price(exchange(service_tier=tier)).nano_usd == 4_500_000


def test_the_price_a_provider_tells_is_beside_ours_and_changes_nothing(pricer: Pricer) -> None:
    told = exchange(reported_cost_nano_usd=7)
    assert pricer.price(told).nano_usd == 4_500_000
    assert told.reported_cost_nano_usd == 7


def test_an_operators_file_is_asked_before_ours(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(
        """
        [[price]]
        provider = "openai"
        model = "gpt-4o"
        usd_per_mtok = { input = 1, output = 1 }
        [[price]]
        provider = "acme"
        model = "painter"
        usd_per = { image = 0.5, request = 0.25 }
        [[factor]]
        provider = "openai"
        model = "gpt-4o"
        service_tier = "scale"
        factor = 0.25
        """
    )
    pricer = Pricer.load(path)
    assert pricer.price(exchange()).nano_usd == 1_200_000
    assert pricer.price(exchange(service_tier="scale")).nano_usd == 300_000
    painted = exchange(provider="acme", upstream_url=LOCAL, model="painter", usage=Usage(images=2))
    assert pricer.price(painted).nano_usd == 1_250_000_000
    assert pricer.price(painted).prices == {"image": "0.5", "request": "0.25"}
    assert pricer.version != Pricer.load().version


@pytest.mark.parametrize(
    ("provider", "model", "nano_usd"),
    [
        # 0.625 a million, 0.0625 from a cache, 5 out
        ("openai", "gpt-5", 100 * 625 + 900 * 62.5 + 10 * 5000),
        # 1.25 and 5; no price for what a cache held
        ("openai", "gpt-4o", 1000 * 1250 + 10 * 5000),
        # 1.50, 0.15 and 7.50
        ("anthropic", "claude-sonnet-4-5", 100 * 1500 + 900 * 150 + 10 * 7500),
        # 0.15 and 1.25; what a cache held costs 0.03 here too
        ("gemini", "gemini-2.5-flash", 100 * 150 + 900 * 30 + 10 * 1250),
    ],
)
def test_what_a_cache_held_costs_in_a_batch_what_each_provider_says(
    pricer: Pricer, provider: str, model: str, nano_usd: float
) -> None:
    usage = Usage(input=1000, output=10, cache_read=900)
    asked = exchange(
        provider=provider, upstream_url=LOCAL, model=model, usage=usage, service_tier="batch"
    )
    assert pricer.price(asked).nano_usd == nano_usd

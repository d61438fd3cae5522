"""Our integers against genai-prices' own Decimals, for every model it knows and random counts."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider
from genai_prices.types import Usage as TheirUsage
from hypothesis import given
from hypothesis import strategies as st

from app.pricing.catalog import Catalog
from app.pricing.rates import Rates
from app.record.model import Usage

PROVIDERS = get_snapshot().providers
CATALOG = Catalog()
MODELS = [(provider, model) for provider in PROVIDERS for model in provider.models]
EACH_KIND = Usage(
    input=300_001,
    output=1234,
    cache_read=1000,
    cache_write=500,
    cache_write_1h=100,
    reasoning=34,
    audio_output=7,
)
counts = st.integers(0, 3) | st.integers(0, 300_000)
usages = st.builds(
    Usage,
    input=counts,
    output=counts,
    cache_read=st.none() | counts,
    cache_write=st.none() | counts,
    cache_write_1h=st.none() | counts,
    reasoning=st.none() | counts,
    audio_input=st.none() | counts,
    audio_output=st.none() | counts,
)
times = st.datetimes(
    datetime(2023, 1, 1),  # noqa: DTZ001
    datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def theirs(provider: Provider, model: ModelInfo, usage: Usage, time: datetime) -> int | None:
    """What genai-prices computes, in nano-USD; None where it refuses the counts."""
    reported = TheirUsage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_reasoning_tokens=usage.reasoning,
        input_audio_tokens=usage.audio_input,
        output_audio_tokens=usage.audio_output,
    )
    try:
        price = model.calc_price(reported, provider, genai_request_timestamp=time)
    except ValueError:
        return None
    return int((price.total_price * 10**9).quantize(Decimal(1), ROUND_HALF_EVEN))


def ours(provider: Provider, model: ModelInfo, usage: Usage, time: datetime) -> int | str | None:
    """What we compute; None where we find the counts ambiguous."""
    found = provider.find_model(model.id, all_providers=PROVIDERS)
    if found is not model:
        return "shadowed"
    rates = CATALOG.schedule(provider.id, model.id).rates_at(time)
    cost = rates.nano_usd(usage) if isinstance(rates, Rates) else rates
    return None if cost == "ambiguous_usage" else cost


def test_every_model_in_the_data_costs_the_same() -> None:
    time = datetime(2026, 11, 1, 12, tzinfo=UTC)
    compared = 0
    for provider, model in MODELS:
        cost = ours(provider, model, EACH_KIND, time)
        if cost is None or isinstance(cost, int):
            assert cost == theirs(provider, model, EACH_KIND, time), (provider.id, model.id)
            compared += 1
    assert compared > 0.75 * len(MODELS)


@given(st.integers(0, len(MODELS) - 1), usages, times)
def test_random_counts_cost_the_same(number: int, usage: Usage, time: datetime) -> None:
    listed = MODELS[number]
    cost = ours(*listed, usage, time)
    if (usage.cache_write_1h or 0) > (usage.cache_write or 0):
        # More of a part than of the whole: genai-prices sees it only where the part has a price.
        assert not isinstance(cost, int) or theirs(*listed, usage, time) == cost
    elif cost is None or isinstance(cost, int):
        assert cost == theirs(*listed, usage, time)
    else:
        assert cost in ("shadowed", "unknown_model", "uncounted_kind", "no_usage")


@given(usages, usages)
def test_more_tokens_never_cost_less(one: Usage, other: Usage) -> None:
    rates = CATALOG.schedule("anthropic", "claude-opus-4-1").rates_at(
        datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert isinstance(rates, Rates)
    both = Usage(
        **{
            name: (getattr(one, name) or 0) + (getattr(other, name) or 0)
            for name in Usage.model_fields
            if name != "estimated"
        }
    )
    costs = [rates.nano_usd(usage) for usage in (one, other, both)]
    if all(isinstance(cost, int) for cost in costs):
        assert costs[2] == costs[0] + costs[1]  # type: ignore[operator]

from typing import Any

import pytest

from proxy.dialects.openai_usage import read_usage, reported_cost


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({}, None),
        ({"prompt_tokens": 1, "completion_tokens": 2}, {"input": 1, "output": 2}),
        ({"input_tokens": 1, "output_tokens": 2}, {"input": 1, "output": 2}),
        (
            {"prompt_tokens": 9, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5},
            {"input": 9, "cache_read": 4},
        ),
        ({"prompt_tokens": 9, "cached_tokens": 3}, {"input": 9, "cache_read": 3}),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cache_write_tokens": 3}},
            {"input": 9, "cache_write": 3},
        ),
        ({"server_tool_use": {"web_search_requests": 2}}, {"web_searches": 2}),
        ({"prompt_tokens": 1, "num_search_queries": 3}, {"input": 1, "web_searches": 3}),
        ({"prompt_tokens": "1", "completion_tokens": -1}, None),
    ],
)
def test_each_server_has_its_names(usage: dict[str, Any], counts: dict[str, int] | None) -> None:
    assert read_usage(usage) == counts


@pytest.mark.parametrize(
    ("made", "reasoning", "total", "output"),
    [
        (50, 40, 60, 50),
        (10, 40, 60, 50),
        (50, 40, 100, 90),
        (10, 40, None, 50),
        (50, 40, None, 50),
    ],
)
def test_reasoning_is_part_of_the_answer(
    made: int, reasoning: int, total: int | None, output: int
) -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": made,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": total,
    }
    assert read_usage(usage) == {"input": 10, "output": output, "reasoning": reasoning}


@pytest.mark.parametrize(
    ("usage", "nano_usd"),
    [
        ({"cost": 0.00014}, 140_000),
        ({"cost": 0}, 0),
        ({"cost": {"total_cost": 0.006}}, 6_000_000),
        ({"cost_in_usd_ticks": 608_500}, 60_850),
        ({"cost": "free"}, None),
        ({"cost": -1}, None),
        ({}, None),
    ],
)
def test_what_a_provider_says_that_it_costs(usage: dict[str, Any], nano_usd: int | None) -> None:
    assert reported_cost(usage) == nano_usd

"""The `usage` object of OpenAI's APIs, and of the many servers that have their own ideas of it.

Chat and completions count `prompt_tokens` and `completion_tokens`, all later APIs `input_tokens`
and `output_tokens`. Cached tokens are part of the prompt's, reasoning of the answer's, except where
`total_tokens` says otherwise: xAI and Gemini's compatible API leave reasoning out of the answer.
DeepSeek and Moonshot have names of their own for cached tokens. OpenRouter and Perplexity report a
cost in USD, xAI one in ticks of 10^-10 USD.
"""

from typing import Any, Final

from proxy.dialects.base import Document
from proxy.dialects.fields import count, mapping, nano_usd, usage_of

TICKS_PER_NANO_USD: Final = 10
PLAIN: Final = {"prompt_tokens", "completion_tokens", "total_tokens"}
_NONE: Final[Document] = {}


def read_usage(usage: Document) -> dict[str, int | bool] | None:
    """The counts by kind, None if there is none."""
    if usage.keys() == PLAIN:
        plain_input, plain_output = usage["prompt_tokens"], usage["completion_tokens"]
        return usage_of(input=count(plain_input), output=count(plain_output))
    prompt = _details(usage, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    answer = _details(
        usage, "completion_tokens_details", "output_tokens_details", "output_token_details"
    )
    given = count(usage.get("prompt_tokens", usage.get("input_tokens")))
    made = count(usage.get("completion_tokens", usage.get("output_tokens")))
    reasoning = count(answer.get("reasoning_tokens"))
    if reasoning and given is not None and made is not None:
        apart = usage.get("total_tokens") == given + made + reasoning
        made += reasoning if apart or reasoning > made else 0
    return usage_of(
        input=given,
        output=made,
        cache_read=_cached(usage, prompt),
        cache_write=count(prompt.get("cache_write_tokens")),
        audio_input=count(prompt.get("audio_tokens")),
        image_input=count(prompt.get("image_tokens")),
        reasoning=reasoning,
        audio_output=count(answer.get("audio_tokens")),
        image_output=count(answer.get("image_tokens")),
        web_searches=_searches(usage),
    )


def reported_cost(usage: Document) -> int | None:
    """What the provider says that it costs, in nano-USD; None where it says nothing."""
    cost = usage.get("cost")
    if cost is not None:
        return nano_usd(cost.get("total_cost") if isinstance(cost, dict) else cost)
    ticks = count(usage.get("cost_in_usd_ticks"))
    return None if ticks is None else round(ticks / TICKS_PER_NANO_USD)


def _details(usage: Document, *names: str) -> Document:
    for name in names:
        value: Any = usage.get(name)
        if isinstance(value, dict):
            return value
    return _NONE


def _cached(usage: Document, prompt: Document) -> int | None:
    for value in (
        prompt.get("cached_tokens"),
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cached_tokens"),
    ):
        if (cached := count(value)) is not None:
            return cached
    return None


def _searches(usage: Document) -> int | None:
    """Calls of a search tool, where the usage tells of them: OpenRouter and Perplexity."""
    told = mapping(usage.get("server_tool_use")).get("web_search_requests")
    return count(told if told is not None else usage.get("num_search_queries"))

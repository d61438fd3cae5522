"""The three packages: how their clients are made, and how a call is given headers of its own."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
from google import genai

KEY = "a-key-of-no-use"
PATIENT_S = 60.0


@dataclass(frozen=True)
class Sdk:
    """A package. `make` takes a base URL, a timeout in seconds and how often to try again."""

    name: str
    make: Callable[[str, float, int], tuple[Any, Any]]
    told: Callable[[Mapping[str, Any], Mapping[str, str]], dict[str, Any]]

    @asynccontextmanager
    async def clients(
        self, base: str, *, timeout_s: float = PATIENT_S, retries: int = 2
    ) -> AsyncIterator[tuple[Any, Any]]:
        """An async and a sync one, closed afterwards."""
        many, one = self.make(base, timeout_s, retries)
        try:
            yield many, one
        finally:
            await (many.aclose() if hasattr(many, "aclose") else many.close())
            one.close()


def _openai(base: str, timeout_s: float, retries: int) -> tuple[Any, Any]:
    options: dict[str, Any] = {"api_key": KEY, "base_url": f"{base}/v1"}
    options |= {"max_retries": retries, "timeout": timeout_s}
    return openai.AsyncOpenAI(**options), openai.OpenAI(**options)


def _anthropic(base: str, timeout_s: float, retries: int) -> tuple[Any, Any]:
    options: dict[str, Any] = {"api_key": KEY, "base_url": base}
    options |= {"max_retries": retries, "timeout": timeout_s}
    return anthropic.AsyncAnthropic(**options), anthropic.Anthropic(**options)


def _gemini(base: str, timeout_s: float, retries: int) -> tuple[Any, Any]:
    again = {"attempts": retries + 1, "initial_delay": 0.01, "max_delay": 0.02, "jitter": 0.0}
    options: Any = {"base_url": base, "timeout": int(timeout_s * 1000), "retry_options": again}
    client = genai.Client(api_key=KEY, http_options=options)
    return client.aio, client


def _extra_headers(arguments: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    return {**arguments, "extra_headers": dict(headers)}


def _config(arguments: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    config = {**arguments.get("config", {}), "http_options": {"headers": dict(headers)}}
    return {**arguments, "config": config}


OPENAI = Sdk("openai", _openai, _extra_headers)
ANTHROPIC = Sdk("anthropic", _anthropic, _extra_headers)
GEMINI = Sdk("gemini", _gemini, _config)
SDKS = (OPENAI, ANTHROPIC, GEMINI)

"""Clients of the three SDKs, made alike; all heads of responses that they get are noted."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import anthropic
import httpx2
import openai
from google import genai

from tests.e2e.sdks.outcome import headers_of

KEY = "a-key-of-no-use"


@dataclass
class Heads:
    """Status and headers of each response; `ids` those of ours that a relay adds."""

    seen: list[tuple[int, list[tuple[str, str]]]] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)

    def note(self, response: Any) -> None:
        """One more, of an `httpx` client's."""
        self.seen.append((response.status_code, headers_of(response.headers)))
        self.ids.append(response.headers.get("tailrace-request-id"))

    async def note_async(self, response: Any) -> None:
        """The same, as async clients call it."""
        self.note(response)


@dataclass(frozen=True)
class Client:
    """A client to call, what closes it, and what it saw."""

    calls: Any
    close: Callable[[], Any]
    heads: Heads


Make = Callable[[str, bool, Mapping[str, str], Mapping[str, Any]], Client]
"""Of a base URL, whether it is async, the headers of each request, and options."""


def make_openai(
    base: str, is_async: bool, headers: Mapping[str, str], options: Mapping[str, Any]
) -> Client:
    """`openai`; a retry is waited for as its default says."""
    made = _made(openai, openai.AsyncOpenAI if is_async else openai.OpenAI)
    return made(f"{base}/v1", is_async, headers, options)


def make_azure(
    base: str, is_async: bool, headers: Mapping[str, str], options: Mapping[str, Any]
) -> Client:
    """Azure's way of `openai`: deployments in the path, a version in the query."""
    made = _made(openai, openai.AsyncAzureOpenAI if is_async else openai.AzureOpenAI)
    return made(f"{base}/openai", is_async, headers, {**options, "api_version": "2024-10-21"})


def make_anthropic(
    base: str, is_async: bool, headers: Mapping[str, str], options: Mapping[str, Any]
) -> Client:
    """`anthropic`, made by the same generator as `openai`."""
    made = _made(anthropic, anthropic.AsyncAnthropic if is_async else anthropic.Anthropic)
    return made(base, is_async, headers, options)


def _made(package: Any, new: Callable[..., Any]) -> Make:
    def make(
        base: str, is_async: bool, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> Client:
        heads = Heads()
        note = heads.note_async if is_async else heads.note
        new_http = package.DefaultAsyncHttpxClient if is_async else package.DefaultHttpxClient
        client = new(
            api_key=KEY,
            base_url=base,
            default_headers=headers,
            http_client=new_http(verify=False, event_hooks={"response": [note]}),
            **options,
        )
        return Client(client, client.close, heads)

    return make


def make_gemini_httpx(
    base: str, is_async: bool, headers: Mapping[str, str], options: Mapping[str, Any]
) -> Client:
    """`google-genai`, whose async client uses `httpx` where it is given a transport of it."""
    heads = Heads()
    hooks = {"event_hooks": {"response": [heads.note_async]}}
    transport = {"transport": httpx2.AsyncHTTPTransport(verify=False)}
    args = {"async_client_args": {**hooks, **transport}}
    made = make_gemini(base, is_async, headers, {**options, **args} if is_async else options)
    return replace(made, heads=heads) if is_async else made


def make_gemini(
    base: str, is_async: bool, headers: Mapping[str, str], options: Mapping[str, Any]
) -> Client:
    """`google-genai`; its async client hides the heads of what is no result and no error."""
    heads = Heads()
    http_options: Any = {
        "base_url": base,
        "headers": dict(headers),
        "client_args": {"verify": False, "event_hooks": {"response": [heads.note]}},
        "async_client_args": {"ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)},
        **options,
    }
    client = genai.Client(api_key=KEY, http_options=http_options)
    if is_async:
        return Client(client.aio, client.aio.aclose, heads)
    return Client(client, client.close, heads)

"""Asking another worker: GET alone, one hop, bounded in time and size.

Whatever goes wrong is `Unavailable`: nobody listens, it hangs, dies in mid-answer, refuses, or
answers something that is not what was asked for. Redirects are not followed.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from math import inf
from time import monotonic
from typing import Any

import aiohttp
import orjson

from app.cluster.session import LazySession
from app.cluster.trust import credentials
from app.engine.contracts import Copy
from app.errors import Unavailable

TIMEOUT_S = 2.0
MAX_ANSWER_BYTES = 8 << 20
MAX_CONNECTIONS = 64
VALUES_PATH = "/internal/tables/"
COPIES_PATH = "/internal/copies/"


class Peers:
    """A client for the internal routes of the other workers. Not for several event loops."""

    def __init__(self, token: str | None, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is connected; `token` is the deployment's, without which nobody answers."""
        self._token = token
        self._session = LazySession(
            lambda: aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                trust_env=False,
            )
        )

    async def values(self, url: str, table: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """What a worker holds under its own keys, in their order. Raises: Unavailable."""
        params = [("key", encoded(key)) for key in keys]
        answer = await self.json(url, VALUES_PATH + table, params)
        values = answer.get("values")
        if not isinstance(values, list) or len(values) != len(keys):
            raise Unavailable(f"{url} answered something else than {len(keys)} values")
        try:
            return [None if value is None else decoded(value) for value in values]
        except ValueError as exc:
            raise Unavailable(f"{url} answered values that cannot be read") from exc

    async def copies(self, url: str, table: str, keys: Sequence[bytes]) -> list[Copy | None]:
        """What a worker has of keys, whoever owns them; None: no copy. Raises: Unavailable."""
        asked_s = monotonic()
        answer = await self.json(url, COPIES_PATH + table, [("key", encoded(key)) for key in keys])
        copies = answer.get("copies")
        if not isinstance(copies, list) or len(copies) != len(keys):
            raise Unavailable(f"{url} answered something else than {len(keys)} copies")
        took_s = monotonic() - asked_s
        try:
            return [None if copy is None else _copy(copy, took_s) for copy in copies]
        except (KeyError, TypeError, ValueError) as exc:
            raise Unavailable(f"{url} answered copies that cannot be read") from exc

    async def json(self, url: str, path: str, params: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """A JSON object by GET. Raises: Unavailable."""
        if self._token is None:
            raise Unavailable(f"TAILRACE_INTERNAL_TOKEN is not set: {url} cannot be asked")
        try:
            async with self._session.opened().get(
                url + path,
                params=params,
                headers=credentials(self._token),
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    raise Unavailable(f"{url} answered {response.status}")
                answer = orjson.loads(await _bounded(response))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            raise Unavailable(f"{url} did not answer: {exc or type(exc).__name__}") from exc
        if not isinstance(answer, dict):
            raise Unavailable(f"{url} answered no JSON object")
        return answer

    async def close(self) -> None:
        """Let go of connections; another request opens new ones."""
        await self._session.close()


def _copy(copy: Any, took_s: float) -> Copy:
    """One copy of an answer, older by its way here. Raises: KeyError, TypeError, ValueError."""
    value, age_s = copy["value"], copy["age_s"]
    if not isinstance(age_s, float | int) or not 0 <= age_s < inf:
        raise ValueError("no age")
    return Copy(None if value is None else decoded(value), age_s + took_s)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises: ValueError, if it is longer than any answer of ours."""
    pieces, size_bytes = [], 0
    async for piece in response.content.iter_any():
        size_bytes += len(piece)
        if size_bytes > MAX_ANSWER_BYTES:
            raise ValueError(f"more than {MAX_ANSWER_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def encoded(raw: bytes) -> str:
    """Bytes as a query parameter: base64 with the URL-safe alphabet (RFC 4648 §5)."""
    return urlsafe_b64encode(raw).decode()


def decoded(text: Any) -> bytes:
    """The bytes of a parameter. Raises: ValueError."""
    if not isinstance(text, str):
        raise ValueError("a text is required")
    try:
        return urlsafe_b64decode(text.encode("ascii"))
    except (Base64Error, UnicodeEncodeError) as exc:
        raise ValueError(f"not base64: {exc}") from exc

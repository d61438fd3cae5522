"""One call of an SDK, the same one by its async and its sync client, and how its answer is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

from tests.e2e.sdks.clients import Sdk
from tests.e2e.sdks.outcome import BrokenOff, headers_of, shown

Mode = Literal["value", "stream", "raw", "bytes", "helper"]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """`method` is the dotted name on the client; `play` and `how` say what the stand-in does.

    value    what the call gives
    stream   every event of the stream
    raw      status, headers and content of the raw response
    bytes    the body as it is streamed
    helper   every event of the package's own reader of streams, and what `final` then gives

    `ends` is the outcome in the records. Arguments that are used up by a call are made anew by a
    function.
    """

    sdk: Sdk
    name: str
    method: str
    arguments: Arguments | Callable[[], Arguments]
    play: str
    mode: Mode = "value"
    how: Mapping[str, str] = field(default_factory=dict)
    final: str = ""
    ends: str = "completed"
    raises: bool = False

    def asked(self, client: Any) -> Any:
        """The call on a client, not yet awaited."""
        method = reduce(getattr, self.method.split("."), client)
        given = self.arguments() if callable(self.arguments) else self.arguments
        return method(**self.sdk.told(given, {"x-play": self.play, **self.how}))

    async def run_async(self, client: Any) -> Any:
        """What comes of it."""
        if self.mode == "bytes":
            async with self.asked(client) as response:
                return [response.status_code, headers_of(response.headers), await response.read()]
        if self.mode == "helper":
            async with self.asked(client) as stream:
                events = await _each_async(stream)
                return [*events, shown(await getattr(stream, self.final)())]
        answer = await self.asked(client)
        if self.mode == "stream":
            return await _each_async(answer)
        if self.mode == "raw":
            return raw(answer, answer.content if hasattr(answer, "content") else None)
        return answer

    def run_sync(self, client: Any) -> Any:
        """The same, blocking."""
        if self.mode == "bytes":
            with self.asked(client) as response:
                return [response.status_code, headers_of(response.headers), response.read()]
        if self.mode == "helper":
            with self.asked(client) as stream:
                events = _each(stream)
                return [*events, shown(getattr(stream, self.final)())]
        answer = self.asked(client)
        if self.mode == "stream":
            return _each(answer)
        if self.mode == "raw":
            return raw(answer, answer.content if hasattr(answer, "content") else None)
        return answer


def raw(answer: Any, content: bytes | None) -> list[Any]:
    """Status, headers and body; google-genai hands them out beside the parsed answer."""
    if (http := getattr(answer, "sdk_http_response", None)) is not None:
        return [headers_of(http.headers), http.body]
    return [answer.status_code, headers_of(answer.headers), content]


async def _each_async(stream: Any) -> list[Any]:
    events: list[Any] = []
    try:
        async for event in stream:
            events.append(shown(event))  # noqa: PERF401 - kept when the stream breaks
    except Exception as error:
        raise BrokenOff(events, error) from error
    return events


def _each(stream: Any) -> list[Any]:
    events: list[Any] = []
    try:
        for event in stream:
            events.append(shown(event))  # noqa: PERF401 - kept when the stream breaks
    except Exception as error:
        raise BrokenOff(events, error) from error
    return events

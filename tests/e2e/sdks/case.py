"""One call of an SDK, the same one by its async and its sync client, and how its answer is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

from tests.e2e.sdks.outcome import BrokenOff, headers_of, shown

Mode = Literal["value", "stream", "raw", "bytes"]


@dataclass(frozen=True)
class Case:
    """`method` is the dotted name on the client; `play` and `how` say what the stand-in does.

    value    what the call gives
    stream   every event of the stream
    raw      status, headers and content of the raw response
    bytes    the body as it is streamed
    """

    name: str
    method: str
    arguments: Mapping[str, Any]
    play: str
    mode: Mode = "value"
    how: Mapping[str, str] = field(default_factory=dict)

    @property
    def fails(self) -> bool:
        """Whether the call is to end in an exception."""
        return self.name.startswith(("error", "cut"))

    @property
    def headers(self) -> dict[str, str]:
        """What tells the stand-in."""
        return {"x-play": self.play, **self.how}

    def asked(self, client: Any) -> Any:
        """The method on a client, with what it takes."""
        method = reduce(getattr, self.method.split("."), client)
        if "generate_content" in self.method or self.method.endswith("models.count_tokens"):
            config = {**self.arguments.get("config", {}), "http_options": {"headers": self.headers}}
            return method, {**self.arguments, "config": config}
        return method, {**self.arguments, "extra_headers": self.headers}

    async def run_async(self, client: Any) -> Any:
        """What comes of it."""
        method, arguments = self.asked(client)
        if self.mode == "bytes":
            async with method(**arguments) as response:
                return [response.status_code, headers_of(response.headers), await response.read()]
        answer = await method(**arguments)
        if self.mode == "raw":
            body = answer.content if hasattr(answer, "content") else await answer.read()
            return [answer.status_code, headers_of(answer.headers), body]
        events: list[Any] = []
        if self.mode == "stream":
            try:
                async for event in answer:
                    events.append(shown(event))  # noqa: PERF401 - kept when the stream breaks
            except Exception as error:
                raise BrokenOff(events, error) from error
            return events
        return answer

    def run_sync(self, client: Any) -> Any:
        """The same, blocking."""
        method, arguments = self.asked(client)
        if self.mode == "bytes":
            with method(**arguments) as response:
                return [response.status_code, headers_of(response.headers), response.read()]
        answer = method(**arguments)
        if self.mode == "raw":
            body = answer.content if hasattr(answer, "content") else answer.read()
            return [answer.status_code, headers_of(answer.headers), body]
        events: list[Any] = []
        if self.mode == "stream":
            try:
                for event in answer:
                    events.append(shown(event))  # noqa: PERF401 - kept when the stream breaks
            except Exception as error:
                raise BrokenOff(events, error) from error
            return events
        return answer

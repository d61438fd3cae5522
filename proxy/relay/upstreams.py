"""The table of named upstreams: the built-in ones, and those of the settings on top."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from app.errors import StartError
from app.redaction import mask_url
from config.sections import UpstreamSettings
from config.settings import RESERVED_UPSTREAM_NAMES

MOCK: Final = "mock"
BUILT_IN: Final = {
    "openai": UpstreamSettings(base_url="https://api.openai.com", dialect="openai"),
    "anthropic": UpstreamSettings(base_url="https://api.anthropic.com", dialect="anthropic"),
    "gemini": UpstreamSettings(
        base_url="https://generativelanguage.googleapis.com", dialect="gemini"
    ),
}
MAX_PLACES: Final = 1024
ANTHROPIC_PATHS: Final = ("/v1/messages", "/v1/complete")


class Place(NamedTuple):
    """Where a call goes: its path, its whole URL without secrets, whose API that is."""

    path: str
    url: str
    dialect: str


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where calls under one name go.

    `origin` holds no credentials: userinfo of the configured URL became `authorization`, sent
    when the client sends none. `dialect` may be `auto`: then the path tells. `include_usage`:
    streams are asked for their usage where the client leaves that open.
    """

    name: str
    dialect: str
    origin: str
    base_path: str
    authorization: bytes | None = None
    include_usage: bool = False

    def place(self, target: str) -> Place:
        """What a call's target says of it; the same ones come again and again."""
        return _place(self.dialect, self.origin, self.base_path, target)

    def dialect_of(self, path: str) -> str:
        """Whose API a path belongs to: `openai`, `anthropic`, `gemini` or `raw`."""
        return _dialect_of(self.dialect, path)


def _dialect_of(dialect: str, path: str) -> str:
    if dialect != "auto":
        return dialect
    return "anthropic" if path.startswith(ANTHROPIC_PATHS) else "openai"


@lru_cache(MAX_PLACES)
def _place(dialect: str, origin: str, base_path: str, target: str) -> Place:
    path = target.partition("?")[0]
    url = mask_url(f"{origin}{base_path}{target}")
    return Place(path, url, _dialect_of(dialect, path))


@dataclass(frozen=True, slots=True)
class Upstreams:
    """All upstreams by name, and the one behind `/v1/*`."""

    by_name: Mapping[str, Upstream]
    default: Upstream

    @classmethod
    def build(
        cls,
        configured: Mapping[str, UpstreamSettings],
        default_name: str,
        mock_url: str | None = None,
    ) -> "Upstreams":
        """The built-in upstreams, the mock where a URL is given, and the configured over them.

        Raises: StartError for a reserved name, an unusable URL or an unknown default.
        """
        table = {name: _upstream(name, each) for name, each in BUILT_IN.items()}
        if mock_url is not None:
            settings = UpstreamSettings(base_url=mock_url, dialect="raw")
            table[MOCK] = _upstream(MOCK, settings, dialect="auto")
        table |= {name: _upstream(name, each) for name, each in configured.items()}
        if default_name not in table:
            known = ", ".join(sorted(table))
            raise StartError(f"TAILRACE_DEFAULT_UPSTREAM={default_name}: not one of {known}")
        return cls(table, table[default_name])


def _upstream(name: str, settings: UpstreamSettings, dialect: str | None = None) -> Upstream:
    if name in RESERVED_UPSTREAM_NAMES:
        raise StartError(f"TAILRACE_UPSTREAMS: the name {name} is reserved")
    url = urlsplit(settings.base_url)
    try:
        usable = bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise StartError(f"TAILRACE_UPSTREAMS: {name} has no usable host and port")
    return Upstream(
        name=name,
        dialect=dialect or settings.dialect,
        origin=f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
        base_path=url.path.rstrip("/"),
        authorization=_basic(url),
        include_usage=settings.include_usage,
    )


def _basic(url: SplitResult) -> bytes | None:
    if url.username is None:
        return None
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return b"Basic " + base64.b64encode(pair.encode())

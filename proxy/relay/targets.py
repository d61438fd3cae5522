"""Where a call goes by its own wish: `Tailrace-Target-Url`, to addresses on an allow-list.

Only the address counts: the request's whole path is appended to it. An address that is an
upstream's is that upstream, without the credentials configured for it. Any other must be on the
list (`TAILRACE_RELAY__TARGETS`), whose entry then names the provider: `https://api.groq.com`, or
`https://*.openai.azure.com` for every host below. Everything else is refused: a proxy that goes
wherever it is told would open the network it stands in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from app.errors import RelayRefused, StartError
from proxy.relay.upstreams import MOCK, Upstream, Upstreams

NAMES: Final = (b"tailrace-target-url", b"helicone-target-url", b"helicone-openai-api-base")
"""Fields that name a target, the first one given counts."""
MAX_PROVIDER_CHARS: Final = 64
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A scheme, a host and a port; all hosts below `host` where `below` is set."""

    scheme: str
    host: str
    port: int
    below: bool = False

    @property
    def origin(self) -> str:
        """As an URL without a path; a default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if DEFAULT_PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def admits(self, other: "Address") -> bool:
        """Whether the other one is this one, or below it."""
        if (self.scheme, self.port) != (other.scheme, other.port):
            return False
        return other.host.endswith(f".{self.host}") if self.below else other.host == self.host


class Targets:
    """The addresses that calls may choose."""

    def __init__(self, upstreams: Upstreams, allowed: str | None = None) -> None:
        """`allowed` are entries parted by commas. Raises: StartError for one that is no address."""
        # The mock is at our own address: a call to it would come back to us.
        others = [each for each in upstreams.by_name.values() if each.name != MOCK]
        self._upstreams = {_of(each.origin): each for each in others}
        entries = [text.strip() for text in (allowed or "").split(",")]
        self._allowed = [_entry(text) for text in entries if text]

    def upstream(self, own: Sequence[tuple[bytes, bytes]]) -> Upstream | None:
        """Where a request's own fields, names in lower case, want it to go; None: as routed.

        Raises: RelayRefused where they may not.
        """
        fields = dict(reversed(own))
        for name in NAMES:
            if value := fields.get(name, b"").strip():
                return self._resolve(name.decode(), value.decode("latin-1"))
        return None

    def _resolve(self, name: str, text: str) -> Upstream:
        address = _of(text)
        if address is None:
            message = f"header {name} must be http(s)://host[:port], without credentials"
            raise RelayRefused(400, "invalid_header", message)
        known = self._upstreams.get(address)
        if known is not None:
            return Upstream(known.name, known.dialect, known.origin, "")
        for entry in self._allowed:
            if entry.admits(address):
                return Upstream(entry.host[:MAX_PROVIDER_CHARS], "auto", address.origin, "")
        raise RelayRefused(403, "target_not_allowed", f"header {name}: not an allowed address")


def names_target(raw: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether any field of a request names a target."""
    return any(name.lower() in NAMES for name, _ in raw)


def _of(text: str) -> Address | None:
    """The address of an URL; None if it is none, or holds credentials."""
    if not text.isprintable() or "\\" in text:
        return None
    try:
        url = urlsplit(text.strip())
        port = url.port
    except ValueError:
        return None
    if url.scheme not in DEFAULT_PORTS or not url.hostname or "@" in url.netloc or port == 0:
        return None
    return Address(url.scheme, url.hostname.rstrip("."), port or DEFAULT_PORTS[url.scheme])


def _entry(text: str) -> Address:
    below = "://*." in text
    address = _of(text.replace("://*.", "://", 1))
    if address is None or "*" in address.host:
        raise StartError(f"TAILRACE_RELAY__TARGETS: {text[:100]!r} is not http(s)://host[:port]")
    return Address(address.scheme, address.host, address.port, below)

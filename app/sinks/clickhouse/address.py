"""Where the engine is, from a URL: `clickhouse://user:password@host:8123/database`.

`clickhouses` is the same over TLS. Without a port it is 8123, over TLS 8443; without a user or
database, ClickHouse's own `default`. The embedded engine is reached by such a URL as well.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from app.errors import StartError

HTTP_PORT, HTTPS_PORT = 8123, 8443
ALLOWED = "TAILRACE_ANALYTICS__URL: allowed is clickhouse://user:password@host:port/database"


@dataclass(frozen=True, slots=True)
class Address:
    """One engine and the database in it; the password is not shown."""

    host: str
    port: int
    is_secure: bool
    user: str
    password: str = field(repr=False)
    database: str

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where compression costs more than it saves."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


def address_of(url: str) -> Address:
    """The parts of the URL. Raises: StartError, which does not repeat it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise StartError(ALLOWED) from exc
    if parts.scheme not in {"clickhouse", "clickhouses"} or not parts.hostname:
        raise StartError(ALLOWED)
    is_secure = parts.scheme == "clickhouses"
    return Address(
        host=parts.hostname,
        port=port or (HTTPS_PORT if is_secure else HTTP_PORT),
        is_secure=is_secure,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or "default",
    )

"""Signed links to the bodies of one exchange, that end: for receivers without a key. Pure.

    /api/v1/exchanges/{id}/body?tenant=…&expires=…&signature=…

Signed are tenant, request id and end, with a key derived from that of the settings; the route needs
no other credential then. A link says nothing about any other exchange, and opens nothing else.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from app.webhooks.sealing import derived

SIGNATURE, EXPIRES, TENANT = "signature", "expires", "tenant"
MAX_DIGITS = 12


class Links:
    """Makes links, and says whether one is good."""

    def __init__(self, keys: Sequence[str], base_url: str) -> None:
        """`keys` are the operator's: the first signs, any verifies; without one no link is good."""
        self._keys = [derived(key, "body links") for key in keys]
        self._base_url = base_url.rstrip("/")

    @property
    def has_key(self) -> bool:
        """Whether links can be made."""
        return bool(self._keys)

    def make(self, tenant: str, request_id: str, expires_s: int) -> str:
        """A link that is good until `expires_s`, seconds since the epoch; needs a key."""
        signature = _signature(self._keys[0], tenant, request_id, expires_s)
        query = urlencode({TENANT: tenant, EXPIRES: expires_s, SIGNATURE: signature})
        return f"{self._base_url}/api/v1/exchanges/{request_id}/body?{query}"

    def tenant_of(self, request_id: str, query: Mapping[str, str], now_s: float) -> str | None:
        """Whose exchange a good link shows; None where it is not good, or not any more."""
        tenant, expires, given = (query.get(name, "") for name in (TENANT, EXPIRES, SIGNATURE))
        if not (expires.isascii() and expires.isdigit()) or len(expires) > MAX_DIGITS:
            return None
        wanted = [_signature(key, tenant, request_id, int(expires)) for key in self._keys]
        good = [
            hmac.compare_digest(given.encode("utf-8", "surrogatepass"), each.encode())
            for each in wanted
        ]
        return tenant if any(good) and int(expires) > now_s else None


def _signature(key: bytes, tenant: str, request_id: str, expires_s: int) -> str:
    signed = "\x00".join((tenant, request_id, str(expires_s))).encode("utf-8", "surrogatepass")
    digest = hmac.digest(key, signed, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

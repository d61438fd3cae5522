"""The tables: their names, keys and how long their entries live.

    users      key `tenant|user`         value: aggregate_codec.py   kept for good
    seen       key `tenant|request_id`   value: seen.py              expires
    delivered  key webhook id            value: when, milliseconds   expires

The first two are partitioned like the topic `exchanges`, `delivered` like `deliveries`: an entry
lies in the partition of the message it was made for. The lifetime of those that expire is decided
when the table is created and never toggled: RocksDB appends a timestamp to each value of a database
opened with a TTL. Their changelogs are compacted and deleted after the same time.
"""

from dataclasses import dataclass

from app.record.keys import SEPARATOR
from app.record.model import ANONYMOUS_USER

DAY_S = 86_400
DEFAULT_SEEN_TTL_S = 10 * DAY_S
_SUBKEY = f"{ANONYMOUS_USER}|\x00"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table; `ttl_s` None means that entries never expire."""

    name: str
    ttl_s: int | None = None


USERS = TableSpec("users")


def seen_table(ttl_s: int = DEFAULT_SEEN_TTL_S) -> TableSpec:
    """The idempotency table, whose entries live for `ttl_s`."""
    return TableSpec("seen", ttl_s)


def delivered_table(ttl_s: int = DEFAULT_SEEN_TTL_S) -> TableSpec:
    """The webhooks that were delivered, remembered for as long as their exchanges."""
    return TableSpec("delivered", ttl_s)


def split_user_key(key: bytes) -> tuple[str, str]:
    """Tenant and user of a key of `users`; every anonymous sub-key is the anonymous user."""
    tenant, _, user = key.partition(SEPARATOR)
    name = user.decode()
    return tenant.decode(), ANONYMOUS_USER if name.startswith(_SUBKEY) else name

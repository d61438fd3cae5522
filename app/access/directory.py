"""The keys that this process knows."""

import logging
from collections.abc import Mapping
from hmac import compare_digest
from typing import NamedTuple

from app.access.keys import KeyEntry, Role, decode, parse
from app.control.contract import Control
from app.errors import RecordError
from app.record.model import DEFAULT_TENANT

logger = logging.getLogger(__name__)
KIND = "access_key"
NO_SECRET = "0" * 64


class Principal(NamedTuple):
    """On whose behalf a request is made; `key_id` None where no key was needed."""

    tenant: str
    role: Role
    key_id: str | None = None


ANYBODY = Principal(DEFAULT_TENANT, "admin")
"""Who everybody is where access control is off."""

_NOBODY = KeyEntry(
    key_id="",
    tenant=DEFAULT_TENANT,
    role="tenant",
    secret_sha256=NO_SECRET,
    created_at="1970-01-01T00:00:00Z",
)


class KeyDirectory:
    """Keys by id, kept in step with the `control` topic; an admin key may come from the settings.

    One that cannot be read is logged and not in force.
    """

    def __init__(self, admin_key: str | None = None) -> None:
        """`admin_key` is any text of the operator's choice."""
        self._entries: dict[str, KeyEntry] = {}
        self._admin_key = admin_key
        self._control: Control | None = None

    def follow(self, control: Control) -> None:
        """Keep in step with the topic from here on."""
        self._control = control
        control.on_change(KIND, self.put)

    @property
    def is_known(self) -> bool:
        """Whether what is not in here is nobody's key, rather than one that was not read yet."""
        return self._control is None or self._control.state != "starting"

    def replace(self, values: Mapping[str, bytes]) -> None:
        """These are all the keys there are."""
        self._entries.clear()
        for key_id, value in values.items():
            self.put(key_id, value)

    def put(self, key_id: str, value: bytes | None) -> None:
        """A key was made, changed, or removed (None)."""
        self._entries.pop(key_id, None)
        if value is None:
            return
        try:
            self._entries[key_id] = decode(value)
        except RecordError as error:
            logger.error("access key %s cannot be read: %s", key_id, error)

    def entries(self) -> list[KeyEntry]:
        """All keys, oldest first."""
        return sorted(self._entries.values(), key=lambda entry: (entry.created_at, entry.key_id))

    def find(self, text: str) -> Principal | None:
        """Whose key that is; None if it is nobody's, or not in force."""
        if self._admin_key and _same(text, self._admin_key):
            return Principal(DEFAULT_TENANT, "admin", "settings")
        parsed = parse(text)
        if parsed is None:
            return None
        # An unknown id takes as long as a wrong secret.
        entry = self._entries.get(parsed.key_id, _NOBODY)
        if not entry.matches(parsed.secret):
            return None
        return Principal(entry.tenant, entry.role, entry.key_id)


def _same(given: str, wanted: str) -> bool:
    return compare_digest(given.strip().encode("utf-8", "surrogateescape"), wanted.encode())

"""Access keys: `tr_<id>_<secret>`, shown once, kept as the SHA-256 of the secret.

The secret has 256 random bits, so a plain hash is as good as a slow one: there is nothing to guess.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import RecordError
from app.record.fields import Tenant, UtcTime

Role = Literal["admin", "tenant"]
PREFIX = "tr"
SECRET_BYTES = 32
ID_BYTES = 6
MAX_NAME_CHARS = 128
MAX_KEY_CHARS = 128
_KEY = re.compile(rf"{PREFIX}_(?P<id>[0-9a-f]{{{2 * ID_BYTES}}})_(?P<secret>[0-9a-f]{{64}})")


class KeyEntry(BaseModel):
    """A key as every process keeps it; `revoked_at` null means that it is in force."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key_id: str
    tenant: Tenant
    role: Role
    name: str = ""
    secret_sha256: str
    created_at: UtcTime
    revoked_at: UtcTime | None = None

    def matches(self, secret: str) -> bool:
        """Whether the secret is this key's, in constant time, and the key in force."""
        same = hmac.compare_digest(self.secret_sha256, digest_of(secret))
        return same and self.revoked_at is None

    def encode(self) -> bytes:
        """As it is kept."""
        return self.model_dump_json().encode()


class Minted(NamedTuple):
    """A new key: what is kept, and the text that its owner sees once."""

    entry: KeyEntry
    text: str


class ParsedKey(NamedTuple):
    """The parts of a key's text."""

    key_id: str
    secret: str


def mint(
    tenant: str,
    role: Role,
    name: str,
    created_at: datetime,
    random: Callable[[int], str] = secrets.token_hex,
) -> Minted:
    """A new key; `random(n)` gives `n` bytes as hex digits. Raises: ValueError for a bad name."""
    if len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise ValueError(f"a name has up to {MAX_NAME_CHARS} printable characters")
    key_id, secret = random(ID_BYTES), random(SECRET_BYTES)
    entry = KeyEntry(
        key_id=key_id,
        tenant=tenant,
        role=role,
        name=name,
        secret_sha256=digest_of(secret),
        created_at=created_at,
    )
    return Minted(entry, f"{PREFIX}_{key_id}_{secret}")


def parse(text: str) -> ParsedKey | None:
    """The parts of a key; None if that is no key of ours."""
    found = _KEY.fullmatch(text.strip()) if len(text) <= MAX_KEY_CHARS else None
    return None if found is None else ParsedKey(found["id"], found["secret"])


def decode(value: bytes) -> KeyEntry:
    """A key as it is kept. Raises: RecordError (`invalid`)."""
    try:
        return KeyEntry.model_validate_json(value)
    except ValidationError as exc:
        raise RecordError("invalid", f"not a key: {exc.error_count()} faults") from exc


def digest_of(secret: str) -> str:
    """The SHA-256 of a secret, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()

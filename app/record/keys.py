"""Message keys: raw UTF-8 bytes, the same for a source topic and the tables beside it.

`exchanges` is keyed `tenant|user`, so that one user's records stay in order in one partition.
Anonymous traffic would be a single hot key: it is spread over 16 sub-keys by a hash of the request
id, which keeps the key of a record that is sent twice; queries merge the sub-keys again.

No key is ambiguous: a tenant contains no `|`, and a user no control character, such as the one
that begins a sub-key. All functions are pure and never raise for the fields of a valid record.
"""

import zlib
from typing import Final

from app.record.model import ANONYMOUS_USER

ANONYMOUS_SUBKEYS: Final = 16
SEPARATOR: Final = b"|"


def user_key(tenant: str, user: str) -> bytes:
    """`tenant|user` as bytes, at most 321 of them."""
    return f"{tenant}|{user}".encode()


def exchange_key(tenant: str, user: str, request_id: str) -> bytes:
    """The key a record is published under: the user's, or one of the anonymous sub-keys."""
    if user != ANONYMOUS_USER:
        return user_key(tenant, user)
    return anonymous_key(tenant, zlib.crc32(request_id.encode()) % ANONYMOUS_SUBKEYS)


def anonymous_key(tenant: str, subkey: int) -> bytes:
    """The key of one anonymous sub-key, 0 to 15; its separator cannot occur in a user's key."""
    return f"{tenant}|{ANONYMOUS_USER}|\x00{subkey:02d}".encode()


def keys_of_user(tenant: str, user: str) -> list[bytes]:
    """Every key a user's records and aggregates may lie under, at most 16."""
    if user != ANONYMOUS_USER:
        return [user_key(tenant, user)]
    return [anonymous_key(tenant, subkey) for subkey in range(ANONYMOUS_SUBKEYS)]


def seen_key(tenant: str, request_id: str) -> bytes:
    """The key under which a request id is remembered: `tenant|request_id`."""
    return f"{tenant}|{request_id}".encode()

"""Message keys: raw UTF-8 bytes, the same for a source topic and the tables beside it.

`exchanges` is keyed `tenant|user`. Anonymous traffic is spread over 16 sub-keys by a hash of the
request id, so that a record sent twice keeps its key; queries merge the sub-keys again.
"""

import zlib

from app.record.model import ANONYMOUS_USER

ANONYMOUS_SUBKEYS = 16
SEPARATOR = b"|"


def user_key(tenant: str, user: str) -> bytes:
    """`tenant|user` as bytes; a tenant never contains the separator."""
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
    """Every table key a user's aggregate may lie under."""
    if user != ANONYMOUS_USER:
        return [user_key(tenant, user)]
    return [anonymous_key(tenant, subkey) for subkey in range(ANONYMOUS_SUBKEYS)]


def seen_key(tenant: str, request_id: str) -> bytes:
    """The key under which a request id is remembered."""
    return f"{tenant}|{request_id}".encode()

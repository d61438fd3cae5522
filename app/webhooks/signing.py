"""Standard Webhooks 1.0.0: secrets, ids, and the three headers. Pure.

Source: the specification of github.com/standard-webhooks/standard-webhooks. Signed is
`{webhook-id}.{webhook-timestamp}.{body}` by HMAC-SHA256; the signature header lists one
`v1,<base64>` for each secret in force, separated by spaces. A secret is `whsec_` and base64 of 24
to 64 random bytes.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, no secret
SECRET_BYTES = 32
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64
ID_BYTES = 16


def mint_secret(random: Callable[[int], bytes] = os.urandom) -> str:
    """A new secret, as its owner sees it."""
    return SECRET_PREFIX + base64.b64encode(random(SECRET_BYTES)).decode("ascii")


def secret_bytes(secret: str) -> bytes:
    """The bytes that sign. Raises: ValueError for what is no secret."""
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"a secret begins with {SECRET_PREFIX}")
    try:
        key = base64.b64decode(secret[len(SECRET_PREFIX) :], validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError(f"a secret is {SECRET_PREFIX} and base64") from exc
    if not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise ValueError(f"a secret has {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes")
    return key


def webhook_id(tenant: str, request_id: str, endpoint_id: str) -> str:
    """The id of what an endpoint is told of an exchange: the same however often it is sent.

    A pure function of the three, none of which contains the separator.
    """
    name = "\x00".join((tenant, request_id, endpoint_id)).encode()
    return f"msg_{hashlib.blake2b(name, digest_size=ID_BYTES).hexdigest()}"


def signature(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """One signature, as it stands in the header."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp_s, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def headers(
    keys: Sequence[bytes], message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """The three headers; one signature for each key, in their order."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(
            signature(key, message_id, timestamp_s, body) for key in keys
        ),
    }

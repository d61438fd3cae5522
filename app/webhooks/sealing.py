"""Endpoints' secrets, encrypted: AES-256-GCM under a key from the settings.

A sealed secret is `v1:` and base64 of nonce and ciphertext. It is bound to its endpoint, so that it
cannot be moved to another one. Several keys: the first encrypts, any decrypts, so that a key can be
replaced without touching the endpoints at once.
"""

import base64
import os
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import TailraceError

VERSION = "v1:"
NONCE_BYTES = 12
KEY_BYTES = 32


class SealError(TailraceError):
    """A secret that cannot be decrypted with any key there is."""


def derived(key: str, purpose: str) -> bytes:
    """32 bytes for one purpose from a key of any length (HKDF-SHA256, RFC 5869)."""
    info = f"tailrace {purpose}".encode()
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(key.encode())


class Sealer:
    """Encrypts and decrypts secrets."""

    def __init__(self, keys: Sequence[str], random: Callable[[int], bytes] = os.urandom) -> None:
        """`keys` are the operator's; without any nothing can be sealed or opened."""
        self._ciphers = [AESGCM(derived(key, "webhook secrets")) for key in keys]
        self._random = random

    @property
    def has_key(self) -> bool:
        """Whether secrets can be sealed."""
        return bool(self._ciphers)

    def seal(self, secret: str, endpoint_id: str) -> str:
        """The secret of an endpoint, encrypted. Raises: SealError without a key."""
        if not self._ciphers:
            raise SealError("there is no key to encrypt secrets with")
        nonce = self._random(NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, secret.encode(), endpoint_id.encode())
        return VERSION + base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, sealed: str, endpoint_id: str) -> str:
        """The secret in clear. Raises: SealError."""
        try:
            if not sealed.startswith(VERSION):
                raise SealError("sealed by another version")
            data = base64.b64decode(sealed[len(VERSION) :], validate=True)
        except ValueError as exc:
            raise SealError("damaged") from exc
        for cipher in self._ciphers:
            try:
                clear = cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], endpoint_id.encode())
            except (InvalidTag, ValueError):
                continue
            return clear.decode()
        raise SealError("sealed with a key that is not in TAILRACE_WEBHOOKS__SECRET_KEY")

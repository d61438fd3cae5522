"""The credentials of one call, wherever they travel: what must not be found in any copy of it.

They come in header fields, in the query, and in the configured address of an upstream. A value is
looked for as it came, without its scheme, and in the forms in which a provider may say it back.
"""

import base64
import binascii
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from app.redaction import MIN_SECRET_CHARS, PARAMETER, sounds_secret
from proxy.relay.headers import RequestHead
from proxy.relay.upstreams import Upstream

OWN: Final = frozenset({b"tailrace-auth", b"helicone-auth"})
MAX_CACHED: Final = 1024
MAX_SECRET_BYTES: Final = 8192
"""Of a longer one only so much is looked for: the search must not hold up the loop."""


def credentials_of(head: RequestHead, target: str, upstream: Upstream) -> tuple[bytes, ...]:
    """Every form of every credential of a call, the longest first."""
    values = [*head.credentials]
    if head.own:
        values += [value for name, value in head.own if name in OWN]
    if upstream.authorization is not None:
        values.append(upstream.authorization)
    query = target.partition("?")[2]
    if query:
        values += _in_query(query)
    if len(values) == 1:
        return _forms(values[0])
    forms = {form for value in values for form in _forms(value)}
    return tuple(sorted(forms, key=len, reverse=True))


def _in_query(query: str) -> list[bytes]:
    found = [match["value"] for match in PARAMETER.finditer(query) if sounds_secret(match["name"])]
    return [value.encode("latin-1", "replace") for value in found]


@lru_cache(MAX_CACHED)
def _forms(value: bytes) -> tuple[bytes, ...]:
    """A field's credential as it may be said back: bare, decoded, and as JSON escapes it."""
    scheme, space, rest = value.strip().partition(b" ")
    bare = rest.strip() if space else scheme
    forms = {bare, unquote_to_bytes(bare)}
    if scheme.lower() == b"basic":
        forms |= _of_basic(bare)
    forms |= {form.replace(b"/", b"\\/") for form in forms}
    kept = {form[:MAX_SECRET_BYTES] for form in forms if len(form) >= MIN_SECRET_CHARS}
    return tuple(sorted(kept, key=len, reverse=True))


def _of_basic(encoded: bytes) -> set[bytes]:
    try:
        pair = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return set()
    return {pair, pair.partition(b":")[2]}

"""Whose call it is, as its own fields say."""

from collections.abc import Callable, Sequence
from typing import Final

from app.access.directory import ANYBODY, Principal
from app.errors import RelayRefused

Own = Sequence[tuple[bytes, bytes]]
Authorize = Callable[[Own], Principal | None]
"""Whose call it is; None where its key is no good. Raises: RelayRefused, for another reason."""
NO_KEY: Final = RelayRefused(
    401, "invalid_api_key", "Tailrace-Auth: Bearer <key> is missing or wrong"
)


def caller_of(
    authorize: Authorize | None, own: Own
) -> tuple[Principal | None, RelayRefused | None]:
    """The caller, or why it is nobody: without `authorize` it is anybody."""
    if authorize is None:
        return ANYBODY, None
    try:
        principal = authorize(own)
    except RelayRefused as refusal:
        return None, refusal
    return principal, NO_KEY if principal is None else None

"""How an exchange ended, from what the relay and the provider say of it."""

from app.record.model import Outcome
from proxy.exchange import Ending

TRUNCATED = "truncated"


def verdict(
    ending: Ending, status: int | None, error: str | None, *, failed: bool, truncated: bool
) -> tuple[Outcome, str | None]:
    """The outcome and the error beside it.

    A status of 400 or more, or an error within the response, is the upstream's error however the
    relay saw it end. A stream without its end mark is one where the relay saw nothing wrong; a
    client that left or a time that ran out explains it otherwise.
    """
    refused_by_upstream = status is not None and status >= 400
    if failed or refused_by_upstream:
        return "upstream_error", error or ending.error or f"status {status}"
    if truncated and ending.outcome == "completed":
        return "upstream_error", TRUNCATED
    return ending.outcome, ending.error

"""Which exchanges count as errors, the same everywhere: live tables, analytics, webhooks."""

from app.record.model import Record

ERROR_OUTCOMES = frozenset({"upstream_error", "timeout", "refused"})
FIRST_ERROR_STATUS = 400


def is_error(record: Record) -> bool:
    """Whether the call failed; a client that left is no error, nor is a model that refuses."""
    return record.outcome in ERROR_OUTCOMES or (record.status or 0) >= FIRST_ERROR_STATUS

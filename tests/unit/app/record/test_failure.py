import pytest

from app.record.failure import is_error
from tests.support.records import record


@pytest.mark.parametrize(
    ("outcome", "status", "failed"),
    [
        ("completed", 200, False),
        ("completed", 429, True),
        ("client_abort", 200, False),
        ("client_abort", None, False),
        ("upstream_error", None, True),
        ("timeout", None, True),
        ("refused", None, True),
        ("refusal", 200, False),
        ("refusal", 400, True),
    ],
)
def test_what_is_an_error(outcome: str, status: int | None, failed: bool) -> None:
    assert is_error(record(outcome=outcome, status=status)) is failed

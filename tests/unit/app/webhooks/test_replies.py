"""What an attempt came to."""

from email.utils import formatdate

import pytest

from app.webhooks.replies import MAX_RETRY_AFTER_S, Reply, parse_retry_after

NOW_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (299, "delivered"),
        (301, "failed"),
        (304, "failed"),
        (400, "failed"),
        (404, "failed"),
        (410, "gone"),
        (429, "overloaded"),
        (500, "failed"),
        (502, "overloaded"),
        (503, "overloaded"),
        (504, "overloaded"),
        (None, "failed"),
    ],
)
def test_only_2xx_is_a_delivery(status: int | None, meaning: str) -> None:
    assert Reply(status, 1.0).meaning == meaning


def test_its_text() -> None:
    assert Reply(503, 1.0).text == "HTTP 503"
    assert Reply(None, 1.0, "refused").text == "refused"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 40, MAX_RETRY_AFTER_S),
        (formatdate(NOW_S + 60, usegmt=True), 60.0),
        (formatdate(NOW_S - 60, usegmt=True), 0.0),
        (formatdate(NOW_S + 10**9, usegmt=True), MAX_RETRY_AFTER_S),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW_S) == seconds

"""When a delivery is tried again, and where it waits."""

import pytest

from app.webhooks.schedule import JITTER, Schedule

SCHEDULE = Schedule((5, 300, 1800, 7200, 18_000, 36_000), attempts=8, max_age_s=100.0)


def test_tiers_rise_with_failures_and_the_last_repeats_until_attempts_end() -> None:
    tiers = [SCHEDULE.after_failure(failed) for failed in range(1, 9)]
    assert tiers == [0, 1, 2, 3, 4, 5, 5, None]


@pytest.mark.parametrize(
    ("retry_after_s", "tier"), [(0, 0), (5, 0), (5.1, 1), (300, 1), (301, 2), (10**9, 5)]
)
def test_retry_after_rounds_up_to_a_tier(retry_after_s: float, tier: int) -> None:
    assert SCHEDULE.after_failure(1, retry_after_s) == tier


def test_retry_after_never_makes_it_earlier() -> None:
    assert SCHEDULE.after_failure(4, 1) == 3


def test_what_is_put_off_uses_no_attempt_and_waits_longer_in_time() -> None:
    assert [SCHEDULE.after_deferral(0, deferrals) for deferrals in (0, 2, 3, 6, 99)] == [
        *(0, 0, 1, 2, 2)
    ]
    assert SCHEDULE.after_deferral(3, 0) == 2
    assert SCHEDULE.after_deferral(0, 0, wait_s=301) == 2


def test_jitter_is_added_and_never_taken_off() -> None:
    assert SCHEDULE.wait_s(1, lambda: 0.0) == 300
    assert SCHEDULE.wait_s(1, lambda: 0.999) < 300 * (1 + JITTER)
    assert SCHEDULE.wait_s(1, lambda: 0.5) == pytest.approx(300 * (1 + JITTER / 2))


def test_age_ends_it() -> None:
    assert not SCHEDULE.is_too_old(100.0)
    assert SCHEDULE.is_too_old(100.1)

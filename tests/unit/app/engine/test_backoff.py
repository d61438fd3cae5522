from app.engine.backoff import Backoff


def test_waits_double_up_to_the_limit_and_begin_again_after_a_reset() -> None:
    backoff = Backoff(1, 8, random=lambda: 1.0)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 8, 8]
    backoff.reset()
    assert backoff.next_s() == 1


def test_jitter_takes_at_most_half() -> None:
    assert Backoff(4, 8, random=lambda: 0.0).next_s() == 2
    assert Backoff(4, 8, random=lambda: 0.5).next_s() == 3


def test_a_thousand_failures_overflow_nothing() -> None:
    backoff = Backoff(0.5, 30, random=lambda: 1.0)
    assert max(backoff.next_s() for _ in range(1000)) == 30

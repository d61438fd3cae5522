"""An endpoint that fails time after time is left alone."""

from app.webhooks.breaker import Breaker, BreakerOptions

OPTIONS = BreakerOptions(failures=3, pause_first_s=10, pause_max_s=35)


def tripped() -> Breaker:
    breaker = Breaker(OPTIONS)
    for _ in range(3):
        breaker.began()
        breaker.failed(100.0)
    return breaker


def test_failures_in_a_row_open_it_and_a_success_begins_anew() -> None:
    breaker = Breaker(OPTIONS)
    for _ in range(2):
        breaker.failed(0.0)
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(0.0)
    assert not breaker.is_open
    assert breaker.wait_s(0.0) == 0
    breaker.failed(0.0)
    assert breaker.is_open
    assert breaker.wait_s(4.0) == 6.0


def test_one_goes_out_when_the_pause_is_over() -> None:
    breaker = tripped()
    assert breaker.wait_s(110.0) == 0
    breaker.began()
    assert breaker.wait_s(110.0) > 0
    breaker.succeeded()
    assert breaker.wait_s(110.0) == 0
    assert not breaker.is_open


def test_each_further_failure_doubles_the_pause_up_to_a_limit() -> None:
    breaker = tripped()
    pauses = []
    for _ in range(4):
        pauses.append(breaker.wait_s(100.0))
        breaker.began()
        breaker.failed(100.0)
    assert pauses == [10, 20, 35, 35]


def test_a_cancelled_probe_makes_way_for_the_next() -> None:
    breaker = tripped()
    breaker.began()
    breaker.withdrawn()
    assert breaker.wait_s(110.0) == 0
    assert breaker.is_open


def test_an_endpoint_that_asks_for_time_gets_it_with_a_closed_breaker() -> None:
    breaker = Breaker(OPTIONS)
    breaker.hold(50.0)
    assert breaker.wait_s(20.0) == 30.0
    assert breaker.wait_s(50.0) == 0
    breaker.hold(10.0)
    assert breaker.wait_s(20.0) == 30.0

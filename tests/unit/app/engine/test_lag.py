from app.engine.lag import LagMeter, PartitionView, TopicLag

NOW_S = 1000.0


def view(end: int | None, next_offset: int | None, since_s: float | None = None) -> PartitionView:
    return PartitionView("t", end, next_offset, since_s)


def measure(*views: PartitionView, last_age_s: float | None = None) -> TopicLag:
    last = {} if last_age_s is None else {"t": last_age_s}
    return LagMeter().measure(dict(enumerate(views)), last, NOW_S)["t"]


def test_partitions_add_up_and_the_oldest_message_counts() -> None:
    assert measure(view(10, 4, 990.0), view(7, 7), view(5, 4, 400.0)) == TopicLag(7, 600.0)


def test_where_everything_is_handled_the_last_age_counts() -> None:
    assert measure(view(10, 10), last_age_s=0.25) == TopicLag(0, 0.25)
    assert measure(view(0, 0)) == TopicLag(0, 0.0)


def test_an_end_that_is_not_known_is_no_lag_of_zero() -> None:
    assert measure(view(None, None)) == TopicLag(None, None)
    assert measure(view(10, 4, 990.0), view(None, 3)) == TopicLag(None, 10.0)
    assert measure(view(None, 3), view(10, 4, 990.0)) == TopicLag(None, 10.0)


def test_a_broker_that_answers_too_little_gives_no_negative_lag() -> None:
    assert measure(view(3, 5)) == TopicLag(0, 0.0)


def test_a_clock_that_is_behind_the_brokers_gives_no_negative_age() -> None:
    assert measure(view(5, 4, NOW_S + 60)) == TopicLag(1, 0.0)


def test_what_was_not_fetched_ages_from_when_it_was_first_behind() -> None:
    meter = LagMeter()
    ages = [
        meter.measure({0: view(end, 4)}, {"t": 9.0}, now_s)["t"].age_s
        for end, now_s in ((4, 990.0), (5, 1000.0), (8, 1010.0), (8, 1030.0))
    ]
    assert ages == [9.0, 0.0, 10.0, 30.0]
    assert meter.measure({0: view(8, 8)}, {"t": 1.0}, 1031.0)["t"].age_s == 1.0
    assert meter.measure({0: view(9, 8)}, {}, 1040.0)["t"].age_s == 0.0


def test_a_partition_that_went_away_is_forgotten() -> None:
    meter = LagMeter()
    meter.measure({0: view(5, 4)}, {}, 100.0)
    assert meter.measure({}, {}, 200.0) == {}
    assert meter.measure({0: view(5, 4)}, {}, 300.0)["t"].age_s == 0.0

"""When a copy was the truth: known while it is read forward, forgotten once it reads again."""

from app.engine.copies import Copies


def test_nothing_is_known_at_first() -> None:
    assert Copies().at_s(0) is None


def test_reading_forward_keeps_the_date() -> None:
    copies = Copies()
    copies.date(0, 10, 5.0)
    copies.reading(0, 11)
    assert copies.at_s(0) == 5.0
    assert copies.at_s(1) is None


def test_reading_again_would_show_older_values() -> None:
    copies = Copies()
    copies.date(0, 10, 5.0)
    copies.reading(0, 10)
    assert copies.at_s(0) is None


def test_a_later_date_counts_and_an_earlier_one_does_not() -> None:
    copies = Copies()
    copies.date(0, 10, 5.0)
    copies.date(0, 12, 6.0)
    copies.date(0, 11, 5.5)
    copies.reading(0, 12)
    assert copies.at_s(0) is None
    copies.date(0, 12, 6.0)
    assert copies.at_s(0) == 6.0


def test_what_is_forgotten_is_not_known() -> None:
    copies = Copies()
    copies.date(0, 10, 5.0)
    copies.forget(0)
    copies.forget(1)
    assert copies.at_s(0) is None

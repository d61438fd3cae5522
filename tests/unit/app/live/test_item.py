"""One exchange as a tail shows it."""

import json

from app.live.item import LiveItem
from tests.support.live import fact


def test_the_record_and_its_cost_on_one_line() -> None:
    one = fact(3, user="ü\n".strip())
    item = LiveItem(one)
    assert b"\n" not in item.data
    shown = json.loads(item.data)
    assert shown["request_id"] == item.request_id == one.record.request_id
    assert (shown["user"], item.user) == ("ü", "ü")
    assert shown["cost_nano_usd"] == one.cost.nano_usd
    assert {"timings_ms", "usage", "outcome", "metered_at", "price_version"} <= shown.keys()
    assert item.event is item.event


def test_the_model_is_the_upstreams_else_the_one_asked_for() -> None:
    assert LiveItem(fact(1, model="m", model_requested="r")).model == "m"
    assert LiveItem(fact(1, model=None, model_requested="r")).model == "r"

"""What an exchange must be for an endpoint to be told of it."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.record.fact import Cost
from app.webhooks.endpoint import Endpoint, Filters, SealedSecret, class_of
from tests.support.endpoints import EARLIER, endpoint
from tests.support.facts import UNPRICED, fact

PRICED = Cost(nano_usd=1000, price_version="v1")


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ({}, True),
        ({"outcomes": ["completed"]}, True),
        ({"outcomes": ["timeout", "refused"]}, False),
        ({"users": ["alice"]}, True),
        ({"users": ["bob"]}, False),
        ({"status_classes": ["2xx"]}, True),
        ({"status_classes": ["4xx", "5xx", "none"]}, False),
        ({"models": ["gpt-4o-mini"]}, True),
        ({"models": ["gpt-4o-mini-2024-07-18"]}, True),
        ({"models": ["gpt-4o"]}, False),
        ({"properties": {"env": "prod"}}, True),
        ({"properties": {"env": "dev"}}, False),
        ({"properties": {"env": "prod", "team": "x"}}, False),
        ({"cost_nano_usd_above": 999}, True),
        ({"cost_nano_usd_above": 1000}, False),
        ({"latency_ms_above": 1.0}, True),
        ({"latency_ms_above": 1e9}, False),
        ({"users": ["alice"], "outcomes": ["timeout"]}, False),
    ],
)
def test_every_filter_must_hold(filters: dict[str, Any], passes: bool) -> None:
    assert Filters(**filters).match(fact(PRICED, properties={"env": "prod"})) is passes


def test_an_unknown_cost_is_above_nothing() -> None:
    assert not Filters(cost_nano_usd_above=0).match(fact(UNPRICED))


@pytest.mark.parametrize(
    ("status", "name"),
    [(200, "2xx"), (599, "5xx"), (101, "1xx"), (None, "none"), (0, "none"), (600, "none")],
)
def test_classes(status: int | None, name: str) -> None:
    assert class_of(status) == name


def test_an_unknown_filter_is_a_mistake_and_a_newer_builds_member_is_not() -> None:
    with pytest.raises(ValidationError, match="colour"):
        Filters.model_validate({"colour": "red"})
    members = endpoint().model_dump(mode="json") | {"added_later": 1}
    assert Endpoint.model_validate(members) == endpoint(secrets=members["secrets"])


def test_secrets_in_force_are_those_before_their_end() -> None:
    old = SealedSecret(sealed="old", created_at=EARLIER, expires_at=EARLIER + timedelta(days=1))
    new = SealedSecret(sealed="new", created_at=EARLIER)
    made = endpoint(secrets=(new, old))
    assert made.sealed_in_force(EARLIER) == ["new", "old"]
    assert made.sealed_in_force(EARLIER + timedelta(days=1)) == ["new"]


def test_enabled_until_it_is_disabled() -> None:
    assert endpoint().is_enabled
    assert not endpoint(disabled_at=EARLIER, disabled_reason="by its owner").is_enabled

"""What the API may say of an endpoint, and what comes of it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.errors import QueryRefused
from app.webhooks import changes
from tests.support.endpoints import EARLIER, SECRET, endpoint

NOW = EARLIER + timedelta(hours=1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("[]", None),
        ("{", None),
        ("{}", "url"),
        ('{"url": ""}', "url"),
        ('{"url": 7}', "url"),
        ('{"url": "https://x", "secret": "short"}', "secret"),
        ('{"url": "https://x", "secret": "whsec_c2hvcnQ="}', "secret"),
        ('{"url": "https://x", "sample_rate": 1.1}', "sample_rate"),
        ('{"url": "https://x", "sample_rate": NaN}', "sample_rate"),
        ('{"url": "https://x", "include_body": "all"}', "include_body"),
        ('{"url": "https://x", "colour": "red"}', "colour"),
        ('{"url": "https://x", "filters": {"users": "alice"}}', "filters.users"),
        ('{"url": "https://x", "filters": {"latency_ms_above": -1}}', "filters.latency_ms_above"),
    ],
)
def test_a_mistake_names_its_field(body: str, field: str | None) -> None:
    with pytest.raises(QueryRefused) as refused:
        changes.parsed(changes.Creation, body.encode())
    assert (refused.value.status, refused.value.field) == (400, field)
    assert SECRET not in str(refused.value)


def created(**asked: Any) -> Any:
    creation = changes.parsed(changes.Creation, json.dumps({"url": "https://x"} | asked).encode())
    return changes.created(
        creation,
        endpoint_id=endpoint().endpoint_id,
        tenant="acme",
        secret=SECRET,
        seal=lambda clear: f"sealed {len(clear)}",
        now=NOW,
    )


def test_a_creation_is_an_endpoint_of_its_tenant() -> None:
    made = created(filters={"users": ["a"]}, sample_rate=0.5, include_body="link")
    assert (made.tenant, made.url, made.sample_rate, made.include_body) == (
        *("acme", "https://x", 0.5, "link"),
    )
    assert made.filters.users == ("a",)
    assert made.secrets[0].sealed == f"sealed {len(SECRET)}"
    assert made.created_at == made.updated_at == NOW


def test_a_change_leaves_what_it_does_not_name() -> None:
    before = endpoint(description="mine")
    asked = changes.parsed(changes.Change, b'{"sample_rate": 0, "url": null}')
    after = changes.changed(before, asked, NOW)
    assert (after.sample_rate, after.url, after.description) == (0, before.url, "mine")
    assert (after.updated_at, after.created_at) == (NOW, before.created_at)


def test_disabled_and_enabled_by_its_owner() -> None:
    off = changes.changed(endpoint(), changes.parsed(changes.Change, b'{"enabled": false}'), NOW)
    assert (off.is_enabled, off.disabled_reason) == (False, "by its owner")
    later = changes.changed(off, changes.parsed(changes.Change, b'{"enabled": false}'), EARLIER)
    assert later.disabled_at == NOW
    assert changes.changed(
        off, changes.parsed(changes.Change, b'{"enabled": true}'), NOW
    ).is_enabled
    gone = changes.disabled(endpoint(), "it answered 410 Gone", NOW)
    assert (gone.disabled_reason, gone.disabled_at) == ("it answered 410 Gone", NOW)


def test_a_rotation_keeps_the_old_ones_for_a_while_and_three_at_most() -> None:
    one = changes.rotated(endpoint(), "b", timedelta(hours=1), NOW)
    assert one.sealed_in_force(NOW) == ["b", endpoint(secrets=one.secrets).secrets[1].sealed]
    assert one.sealed_in_force(NOW + timedelta(hours=1)) == ["b"]
    two = changes.rotated(one, "c", timedelta(days=9), NOW)
    three = changes.rotated(two, "d", timedelta(days=9), NOW)
    assert len(three.secrets) == changes.MAX_SECRETS
    assert three.sealed_in_force(NOW) == ["d", "c", "b"]
    assert three.sealed_in_force(NOW + timedelta(days=9)) == ["d"]
    at_once = changes.rotated(endpoint(), "b", timedelta(0), NOW)
    assert [each.sealed for each in at_once.secrets] == ["b"]


def test_its_owner_sees_no_secret() -> None:
    shown = changes.as_json(endpoint(), NOW)
    assert SECRET not in json.dumps(shown)
    assert "secrets" not in shown
    assert "tenant" not in shown
    assert (shown["enabled"], shown["secrets_in_force"]) == (True, 1)
    assert json.loads(changes.encoded(shown))["created_at"].endswith("Z")

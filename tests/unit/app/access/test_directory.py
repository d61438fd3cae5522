"""The keys that a process knows: found by their text, in step with what it is told."""

from datetime import UTC, datetime

import pytest

from app.access.directory import KIND, KeyDirectory, Principal
from app.access.keys import mint
from app.control.memory import MemoryControl

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class AsFarAsSaid(MemoryControl):
    """Was read as far as the test says."""

    said = "starting"

    @property
    def state(self) -> str:
        return self.said


def test_found_until_it_is_revoked_or_removed() -> None:
    keys, (entry, text) = KeyDirectory(), mint("acme", "tenant", "ci", NOW)
    assert keys.find(text) is None
    keys.put(entry.key_id, entry.encode())
    assert keys.find(text) == Principal("acme", "tenant", entry.key_id)
    assert keys.find(text[:-1] + ("0" if text[-1] != "0" else "1")) is None
    keys.put(entry.key_id, entry.model_copy(update={"revoked_at": NOW}).encode())
    assert keys.find(text) is None
    assert [each.key_id for each in keys.entries()] == [entry.key_id]
    keys.put(entry.key_id, None)
    assert keys.entries() == []


def test_an_admin_key_of_the_settings() -> None:
    keys = KeyDirectory("my-own-admin-key")
    assert keys.find("my-own-admin-key") == Principal("default", "admin", "settings")
    assert keys.find("my-own-admin-kez") is None
    assert keys.find("\udcff") is None
    for blank in (None, "", " "):
        assert all(KeyDirectory(blank).find(text) is None for text in ("", " ", "  "))


async def test_in_step_with_the_topic_and_known_once_it_was_read() -> None:
    keys, (entry, text) = KeyDirectory(), mint("acme", "tenant", "", NOW)
    assert keys.is_known
    control = AsFarAsSaid()
    keys.follow(control)
    assert not keys.is_known
    await control.put(KIND, entry.key_id, entry.encode())
    assert keys.find(text) == Principal("acme", "tenant", entry.key_id)
    for control.said in ("snapshot", "live", "stale"):
        assert keys.is_known


def test_one_that_cannot_be_read_is_not_in_force(caplog: pytest.LogCaptureFixture) -> None:
    keys, (entry, text) = KeyDirectory(), mint("acme", "admin", "", NOW)
    keys.replace({entry.key_id: entry.encode(), "broken": b"{"})
    assert keys.find(text) is not None
    assert "broken cannot be read" in caplog.text
    keys.put(entry.key_id, b"{")
    assert keys.find(text) is None

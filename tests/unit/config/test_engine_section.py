"""The settings of the stream side."""

import pytest

from config import SettingsError, load_settings


def test_a_worker_keeps_its_place_and_no_copies_unless_told() -> None:
    engine = load_settings().engine
    assert (engine.static_membership, engine.standby_replicas, engine.recovery_delay_s) == (
        True,
        0,
        0,
    )


@pytest.mark.parametrize(("name", "value"), [("STANDBY_REPLICAS", "4"), ("RECOVERY_DELAY_S", "-1")])
def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TAILRACE_ENGINE__{name}", value)
    with pytest.raises(SettingsError, match=name):
        load_settings()

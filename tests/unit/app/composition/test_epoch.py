"""Where an epoch comes from."""

from uuid import UUID

import pytest

from app.composition.epoch import epoch_of
from app.errors import StartError

ID = UUID("2bacc879-667e-4f5d-bb52-a201a5c018ff")


def test_the_setting_wins_over_the_topic_s_id() -> None:
    """An operator may name the life of the topics."""
    assert epoch_of("blue", {"t": ID}, "t") == "blue"


def test_the_topic_s_id_is_an_epoch() -> None:
    """As 32 hex digits, which a setting could hold as well."""
    assert epoch_of(None, {"t": ID}, "t") == ID.hex


def test_without_either_the_start_stops_naming_the_setting() -> None:
    """An old broker knows no topic ids: guessing would skip or double records."""
    with pytest.raises(StartError, match="TAILRACE_EPOCH"):
        epoch_of(None, {}, "t")

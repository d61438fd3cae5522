import pytest

from app.engine.contracts import Message, Position
from app.engine.tables import InHand, changelog_configs


def test_a_changelog_lives_as_long_as_its_entries() -> None:
    assert changelog_configs(None) == {"cleanup.policy": "compact"}
    assert changelog_configs(60) == {"cleanup.policy": "compact,delete", "retention.ms": "60000"}


def test_there_is_a_partition_only_while_a_message_is_in_hand() -> None:
    in_hand = InHand()
    with pytest.raises(RuntimeError):
        _ = in_hand.partition
    in_hand.message = Message(None, None, Position("e", "t", 5, 0), 0.0)
    assert in_hand.partition == 5

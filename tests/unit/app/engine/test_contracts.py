from typing import get_type_hints

import pytest

from app.engine import app, contracts, memory, stream_side
from app.engine.contracts import Message, Position


def test_a_message_needs_no_headers() -> None:
    message = Message(None, None, Position("e", "t", 0, 7), 0.0)
    assert message.headers == {}
    assert message.position._asdict() == {"epoch": "e", "topic": "t", "partition": 0, "offset": 7}


@pytest.mark.parametrize(
    ("protocol", "made"),
    [
        (contracts.StreamApp, app.StreamApp),
        (contracts.LiveTables, stream_side.StreamSide),
        (contracts.LiveTables, memory.MemoryTables),
        (contracts.Emitter, memory.MemoryEmitter),
        (contracts.Store, memory.MemoryStore),
    ],
)
def test_everything_of_a_protocol_is_there(protocol: type, made: type) -> None:
    names = {name for base in protocol.__mro__[:-2] for name in vars(base) if name[0] != "_"}
    assert names
    assert all(callable(getattr(made, name)) for name in names)
    assert get_type_hints(Position)["offset"] is int

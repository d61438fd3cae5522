from app.engine.asynchronous import each
from app.engine.contracts import Again, Message, Position, Result


async def test_a_handler_of_one_message_writes_batches() -> None:
    async def handle(message: Message) -> Result:
        return Again("odd") if message.position.offset % 2 else None

    messages = [Message(None, None, Position("e", "t", 0, offset), 0.0) for offset in range(3)]
    assert await each(handle)(messages) == [None, Again("odd"), None]

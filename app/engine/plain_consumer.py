"""aiokafka's consumer outside of Faust, which can be stopped while no broker answers."""

import asyncio

from aiokafka import AIOKafkaConsumer

from app.tasks import spawn


class PlainConsumer(AIOKafkaConsumer):
    """Where a fetch waits to be tried again, aiokafka's own `stop` ends as if it were cancelled.

    Whoever awaited that would end as well, and the connections would stay open.
    """

    async def stop(self) -> None:
        """Let go of all connections; again is harmless."""
        stopping = spawn(super().stop(), name="consumer-stop")
        await asyncio.wait({stopping})
        await self._client.close()
        if not stopping.cancelled():
            stopping.result()

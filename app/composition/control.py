"""The topic `control` in every process: endpoints, keys, and what else all of them must know."""

import asyncio
from collections.abc import Sequence

from app.composition.feature import NoFeature
from app.composition.streams import Streams
from app.control.topic import ControlTopic
from app.errors import Unavailable
from app.tasks import spawn
from app.topic_admin import ensure_topics
from app.views.health import Part
from config import Settings

AGAIN_S = 1.0


class Controlling(NoFeature):
    """Follows the topic; the stream side does not begin before it was read whole."""

    def __init__(self, settings: Settings, streams: Streams) -> None:
        """What the last snapshot holds is known at once."""
        self._settings = settings
        self._streams = streams
        self._beginning: asyncio.Task[None] | None = None
        path = settings.data_dir / "control" / f"{settings.instance}.json"
        self.control = ControlTopic(streams.connection, streams.topics.control, path)
        streams.wait_for.append(self.control.until_live)

    def parts(self) -> Sequence[Part]:
        """Whether this process knows what the others know."""
        return [Part("control", lambda: self.control.state, frozenset({"live"}))]

    async def start(self) -> None:
        """Follow it in the background."""
        self._beginning = spawn(self._begin(), name="control-begin")

    async def stop(self) -> None:
        """Let go of it."""
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.wait([self._beginning])
        await self.control.stop()

    async def _begin(self) -> None:
        """Make the topic, then follow it: a broker that makes topics by itself makes others."""
        topics = self._streams.topics
        specs = [spec for spec in topics.specs() if spec.name == topics.control]
        while True:
            try:
                await ensure_topics(
                    specs,
                    partitions=1,
                    replication_factor=self._settings.kafka.replication_factor,
                    connection=self._streams.connection,
                )
            except Unavailable:
                await asyncio.sleep(AGAIN_S)
            else:
                break
        await self.control.start()

"""The topic `control` in every process: endpoints, keys, and what else all of them must know."""

from collections.abc import Sequence

from app.composition.feature import NoFeature
from app.composition.streams import Streams
from app.control.topic import ControlTopic
from app.views.health import Part
from config import Settings


class Controlling(NoFeature):
    """Follows the topic; the stream side does not begin before it was read whole."""

    def __init__(self, settings: Settings, streams: Streams) -> None:
        """What the last snapshot holds is known at once."""
        path = settings.data_dir / "control" / f"{settings.instance}.json"
        self.control = ControlTopic(streams.connection, streams.topics.control, path)
        streams.wait_for.append(self.control.until_live)

    def parts(self) -> Sequence[Part]:
        """Whether this process knows what the others know."""
        return [Part("control", lambda: self.control.state, frozenset({"live"}))]

    async def start(self) -> None:
        """Follow it in the background."""
        await self.control.start()

    async def stop(self) -> None:
        """Let go of it."""
        await self.control.stop()

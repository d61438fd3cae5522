"""Every topic of a deployment: sources, sinks' topics, changelogs."""

from app.composition.features import features_of
from app.composition.streams import Streams
from app.errors import StartError, Unavailable
from app.metrics import Metrics
from app.record.topics import TopicSpec
from app.topic_admin import describe_topics, ensure_topics
from app.topic_check import Difference, differences
from config import Settings


class DeployedTopics:
    """The topics that the settings mean, and those that the broker has. Needs a running loop."""

    def __init__(self, settings: Settings) -> None:
        """No I/O. Raises: StartError without a broker."""
        metrics = Metrics()
        self._settings = settings
        self._streams = Streams(settings, metrics)
        self._streams.features = features_of(settings, metrics, self._streams)
        self._specs: list[TopicSpec] | None = None

    def specs(self) -> list[TopicSpec]:
        """All of them; the changelogs are those of the tables that the agents declare."""
        if self._specs is None:
            changelogs = self._streams.assemble("none").changelog_specs()
            self._specs = [*self._streams.specs(), *changelogs]
        return self._specs

    async def create(self) -> list[str]:
        """Make those that are missing; their names. Raises: StartError."""
        settings = self._settings
        try:
            return await ensure_topics(
                self.specs(),
                partitions=settings.partitions,
                replication_factor=settings.kafka.replication_factor,
                connection=self._streams.connection,
            )
        except Unavailable as exc:
            raise StartError(str(exc)) from exc

    async def differences(self) -> list[Difference]:
        """What is not as it should be. Raises: StartError, if no broker answers."""
        settings = self._settings
        try:
            found = await describe_topics(
                [spec.name for spec in self.specs()], self._streams.connection
            )
        except Unavailable as exc:
            raise StartError(str(exc)) from exc
        return differences(
            self.specs(),
            found,
            partitions=settings.partitions,
            replication_factor=settings.kafka.replication_factor,
        )

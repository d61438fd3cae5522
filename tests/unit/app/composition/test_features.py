"""The features of a role, and what the stream side and the router get of them."""

from typing import Any, cast

from app.composition.feature import NoFeature
from app.composition.features import features_of
from app.composition.streams import Streams
from app.metrics import Metrics
from app.record.topics import TopicSpec
from config import Settings, sections


class Attached(NoFeature):
    """Notes its incarnations."""

    def __init__(self) -> None:
        self.epochs: list[str] = []

    def specs(self) -> list[TopicSpec]:
        return [TopicSpec("extra")]

    def attach(self, app: Any, epoch: str) -> None:
        self.epochs.append(epoch)


def streams() -> Streams:
    kafka = sections.KafkaSettings(bootstrap_servers="127.0.0.1:1")
    return Streams(Settings(kafka=kafka), Metrics())


def test_every_role_has_features() -> None:
    for role in ("all", "proxy", "worker"):
        settings = Settings(role=cast(Any, role))
        assert all(callable(each.attach) for each in features_of(settings, Metrics(), streams()))


async def test_each_incarnation_attaches_them_and_their_topics_are_made() -> None:
    feature, built = Attached(), streams()
    built.features = [feature]
    assert "extra" in {spec.name for spec in built.specs()}
    for epoch in ("1", "2"):
        built.assemble(epoch)
    assert feature.epochs == ["1", "2"]

"""The features of a role, in the order in which they are started; stopped the other way round."""

from collections.abc import Sequence

from app.composition.archiving import Archiving
from app.composition.engine import engine_of
from app.composition.feature import Feature
from app.composition.streams import Streams
from app.metrics import Metrics
from config import Settings


def features_of(settings: Settings, metrics: Metrics, streams: Streams) -> Sequence[Feature]:
    """Those of `settings.role`. Raises: StartError where the settings contradict themselves."""
    del streams
    if settings.role == "proxy":
        return ()
    analytics = engine_of(settings)
    return (Archiving(settings, metrics, analytics),)

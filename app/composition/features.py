"""The features of a role, in the order in which they are started; stopped the other way round."""

from collections.abc import Sequence

from app.composition.analysis import Analysis
from app.composition.archiving import Archiving
from app.composition.burying import Burying
from app.composition.control import Controlling
from app.composition.engine import engine_of
from app.composition.feature import Feature
from app.composition.linking import ArchivedBodies
from app.composition.streams import Streams
from app.composition.webhooks import Webhooks
from app.metrics import Metrics
from config import Settings


def features_of(settings: Settings, metrics: Metrics, streams: Streams) -> Sequence[Feature]:
    """Those of `settings.role`. Raises: StartError where the settings contradict themselves."""
    controlling = Controlling(settings, streams)
    if settings.role == "proxy":
        return (controlling,)
    analytics = engine_of(settings)
    archiving = Archiving(settings, metrics, analytics, letter_limit=streams.letter_limit)
    reader = archiving.reader()
    webhooks = Webhooks(
        settings,
        metrics,
        streams,
        controlling.control,
        analytics,
        bodies=None if reader is None else ArchivedBodies(reader),
        letter_limit=streams.letter_limit,
    )
    return (
        controlling,
        Burying(streams.letter_limit),
        Analysis(settings, metrics, analytics, letter_limit=streams.letter_limit),
        archiving,
        webhooks,
    )

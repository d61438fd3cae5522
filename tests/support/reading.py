"""An archive in memory with a reader on it."""

from app.clock import ManualClock
from app.ids import minted_at_ms
from app.metrics import Metrics
from app.record.bodies import BodyEnvelope
from app.sinks.archive.locations import BodyStates, Location
from app.sinks.archive.memory import MemoryStore
from app.sinks.archive.reading import BodyReader
from app.sinks.archive.sink import Archived, ArchiveSink
from tests.support.bodies import messages

DELAY_S = 60.0


class MemoryLocations:
    """Rows in dicts, by tenant and request id."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, str], Location] = {}
        self.known: dict[tuple[str, str], BodyStates] = {}

    async def find(self, tenant: str, request_id: str) -> Location | None:
        return self.places.get((tenant, request_id))

    async def states(self, tenant: str, request_id: str) -> BodyStates | None:
        return self.known.get((tenant, request_id))


class Reading:
    """Store, locations, clock and reader."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.locations = MemoryLocations()
        self.clock = ManualClock()
        self.reader = BodyReader(self.store, self.locations, self.clock, delay_s=DELAY_S)

    async def archive(self, *made: BodyEnvelope) -> None:
        """Put them, and note where they lie."""
        sink = ArchiveSink(self.store, Metrics())
        for each, done in zip(made, await sink.write(messages(list(made))), strict=True):
            assert isinstance(done, Archived)
            place = Location(done.key, done.member.offset, done.member.length)
            self.locations.places[each.tenant, each.request_id] = place

    def at_age(self, request_id: str, age_s: float) -> None:
        """Let it be so long since an id was minted."""
        self.clock.jump(minted_at_ms(request_id) / 1000 + age_s - self.clock.now_s())

"""The agent on `bodies`: puts exchanges' bodies into the object store, many an object.

    message -> ArchiveSink: check, gather into objects, put -> `archived`: where each one lies

A message is done, and its place emitted, only when its object is durable; its offset is committed
only when the place is. After a crash the same messages come again, in other batches perhaps: their
bodies then lie in two objects, each place is right, and readers take the newest.
"""

from agents.dead_letters import DeadLetters
from agents.letter_limit import LetterLimit
from agents.sink_agent import SinkAgent
from app.clock import Clock, utc
from app.engine.contracts import Emitter, Message
from app.metrics import Metrics
from app.record.archived import ArchivedBodies
from app.record.codec import encode_archived
from app.record.topics import Topics
from app.sinks.archive.sink import NAME, Archived
from app.sinks.contract import Done, Sink
from app.sinks.watch import SinkWatch


def step(archived: Archived, now_s: float) -> ArchivedBodies:
    """The place of one exchange's bodies, as it is told to others."""
    member = archived.member
    return ArchivedBodies(
        tenant=archived.tenant,
        request_id=member.request_id,
        object=archived.key,
        offset=member.offset,
        length=member.length,
        request_bytes=member.request_bytes,
        response_bytes=member.response_bytes,
        started_at=member.started_at,
        archived_at=utc(now_s),
    )


def archive_agent(
    sink: Sink[Message],
    emitter: Emitter,
    topics: Topics,
    *,
    watch: SinkWatch,
    clock: Clock,
    metrics: Metrics,
    letter_limit: LetterLimit | None = None,
) -> SinkAgent[Message]:
    """The agent, to be registered on `bodies`. Messages are read by the sink, off the loop."""

    def tell(message: Message, item: Message, done: Done) -> None:
        del message, item
        assert isinstance(done, Archived)
        place = step(done, clock.now_s())
        emitter.emit(topics.archived, place.request_id.encode(), encode_archived(place))

    dead = DeadLetters(
        emitter,
        topics.dead_letters,
        stage=NAME,
        clock=clock,
        metrics=metrics,
        limit=letter_limit,
    )
    return SinkAgent(sink=sink, decode=_as_it_is, dead=dead, watch=watch, clock=clock, on_done=tell)


def _as_it_is(message: Message) -> Message:
    return message

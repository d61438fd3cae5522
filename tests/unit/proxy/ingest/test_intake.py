"""What becomes of a request's lines."""

import base64
from collections.abc import Sequence

import orjson
import pytest

from app.errors import Unavailable
from app.record.body_codec import decode_bodies
from app.record.codec import decode_record, encode_record
from proxy.ingest.intake import BATCH_MESSAGES
from proxy.ingest.wire import bodies_line, record_line
from proxy.publisher.encoding import body_message
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result
from tests.support.finished import finished
from tests.support.ingest import TOPICS, Backend


def record_of(number: int) -> bytes:
    """The line of a record."""
    return record_line(encode_record(finished(number).record))


def bodies_of(number: int, size_bytes: int = 50) -> bytes:
    """The line of its bodies."""
    bodies = finished(number, size_bytes).bodies
    assert bodies is not None
    return bodies_line(body_message(bodies, TOPICS).value)


def together(number: int, size_bytes: int) -> bytes:
    """A record and a body on one line."""
    members = orjson.loads(record_of(number))
    members["response_body"] = base64.b64encode(bytes(size_bytes)).decode()
    return orjson.dumps(members)


async def test_bodies_are_durable_before_records() -> None:
    """In whatever order the lines come."""
    backend = Backend()
    lines = [record_of(0), bodies_of(0), together(1, 10)]
    answer = await backend.intake().accept(lines, trusted=True)
    assert (answer.accepted, answer.duplicates, answer.rejected) == (3, 0, [])
    topics = [message.topic for message in backend.outlet.taken]
    assert topics == [TOPICS.bodies] * 2 + [TOPICS.exchanges] * 2


async def test_a_bad_line_takes_no_neighbour_with_it() -> None:
    """Each is rejected by its number, with a reason."""
    backend = Backend()
    lines = [record_of(0), b"garbage", record_of(1), b'{"record": {}}', bodies_line(b"junk")]
    answer = await backend.intake().accept(lines, trusted=True)
    assert answer.accepted == 2
    assert [(each["index"], each["reason"]) for each in answer.rejected] == [
        (1, "undecodable"),
        (3, "invalid"),
        (4, "undecodable"),
    ]
    assert len(backend.outlet.taken) == 2
    value = backend.metrics.registry.get_sample_value
    assert value("tailrace_ingested_total", {"result": "accepted"}) == 2
    assert value("tailrace_ingested_total", {"result": "rejected"}) == 3


async def test_a_line_twice_is_a_duplicate() -> None:
    """A record and its bodies are not."""
    backend = Backend()
    lines = [record_of(0), record_of(0), bodies_of(0), bodies_of(0)]
    answer = await backend.intake().accept(lines, trusted=True)
    assert (answer.accepted, answer.duplicates) == (2, 2)
    assert len(backend.outlet.taken) == 2


@pytest.mark.parametrize("topic", [TOPICS.exchanges, TOPICS.bodies])
async def test_what_is_not_durable_is_not_accepted(topic: str) -> None:
    """The whole request is to be sent again."""
    backend = Backend()
    backend.outlet.down_topics.add(topic)
    with pytest.raises(Unavailable):
        await backend.intake().accept([record_of(0), bodies_of(0)], trusted=True)


async def test_what_the_broker_refuses_is_rejected() -> None:
    """A record, or bodies alone."""
    backend = Backend()
    backend.outlet.results.extend(["refused", "refused", "delivered"])
    lines = [record_of(0), bodies_of(0), record_of(1)]
    answer = await backend.intake().accept(lines, trusted=True)
    assert answer.accepted == 1
    assert [(each["index"], each["reason"]) for each in answer.rejected] == [
        (0, "refused"),
        (1, "refused"),
    ]


async def test_a_refused_body_leaves_its_record() -> None:
    """Which says that it is lost."""
    backend = Backend()
    backend.outlet.results.append("refused")
    answer = await backend.intake().accept([together(0, 10)], trusted=True)
    assert answer.accepted == 1
    (message,) = backend.outlet.taken
    got = decode_record(message.value)
    assert (got.body_ref, got.response_body) == (None, "dropped")


@pytest.mark.interpreted
async def test_large_bodies_are_taken_and_too_large_ones_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Encoded aside."""
    backend = Backend()
    answer = await backend.intake().accept([together(0, 300_000)], trusted=True)
    assert answer.accepted == 1
    body, message = backend.outlet.taken
    part = decode_bodies(body.value).response
    assert part is not None
    assert part.data == bytes(300_000)
    assert decode_record(message.value).response_body == "kept"
    monkeypatch.setattr("proxy.publisher.encoding.body_message.__defaults__", (10,))
    await backend.intake().accept([together(1, 300_000)], trusted=True)
    got = decode_record(backend.outlet.taken[-1].value)
    assert (got.body_ref, got.response_body) == (None, "too_large")


async def test_batches_are_bounded() -> None:
    """As many as an outlet takes in its time."""
    backend, sizes = Backend(), list[int]()

    async def keep(batch: Sequence[Outgoing]) -> list[Result]:
        sizes.append(len(batch))
        return ["delivered"] * len(batch)

    backend.kept.keep = keep  # type: ignore[method-assign]
    count = 2 * BATCH_MESSAGES + 1
    answer = await backend.intake().accept(map(record_of, range(count)), trusted=True)
    assert answer.accepted == count
    assert sizes == [BATCH_MESSAGES, BATCH_MESSAGES, 1]

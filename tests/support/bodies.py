"""Bodies of every kind from a seed, as messages of the topic `bodies`."""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from app.engine.contracts import Message, Position
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_codec import encode_bodies
from app.record.model import DEFAULT_TENANT
from tests.support.exchanges import exchanges
from tests.support.records import STARTED_AT

WORDS = ["the", "price", "of", "a", "token", "is", "known", "to", "größer", "—", "模型", "🙂"]
EPOCH, TOPIC = "epoch-1", "t.bodies"


def envelopes(
    seed: int,
    count: int,
    *,
    tenant: str = DEFAULT_TENANT,
    started_at: datetime = STARTED_AT,
    spacing: timedelta = timedelta(milliseconds=10),
) -> Iterator[BodyEnvelope]:
    """`count` exchanges' bodies: text, binary, compressed, empty, with one side or the other."""
    rng = random.Random(seed)
    for record in exchanges(seed, count, tenant=tenant, started_at=started_at, spacing=spacing):
        request, response = _request(rng), _response(rng)
        one_sided = rng.random()
        if one_sided < 0.1:
            request = None
        elif one_sided < 0.2:
            response = None
        yield BodyEnvelope(tenant, record.request_id, record.started_at, request, response)


def message(envelope: BodyEnvelope, offset: int = 0, partition: int = 0) -> Message:
    """An envelope as it is read from the topic."""
    position = Position(EPOCH, TOPIC, partition, offset)
    return Message(envelope.request_id.encode(), encode_bodies(envelope), position, 0.0)


def messages(made: list[BodyEnvelope], partition: int = 0) -> list[Message]:
    """Envelopes at offsets from 0."""
    return [message(each, offset, partition) for offset, each in enumerate(made)]


def text(rng: random.Random, length: int) -> str:
    """Words, about `length` characters of them."""
    return " ".join(rng.choices(WORDS, k=max(1, length // 5)))


def _request(rng: random.Random) -> BodyPart | None:
    said = [{"role": "user", "content": text(rng, rng.randrange(10, 3000))}]
    body = json.dumps({"model": "gpt-4o", "messages": said}, ensure_ascii=False).encode()
    return BodyPart("application/json; charset=utf-8", "", body)


def _response(rng: random.Random) -> BodyPart | None:
    kind = rng.randrange(5)
    if kind == 0:
        return BodyPart("audio/mpeg", "", rng.randbytes(rng.randrange(1, 6000)))
    if kind == 1:
        return BodyPart("application/json", "gzip", gzip.compress(text(rng, 2000).encode()))
    if kind == 2:
        return BodyPart("", "", b"")
    chunks = [
        f'data: {{"choices":[{{"delta":{{"content":"{text(rng, 20)}"}}}}]}}\n\n'.encode()
        for _ in range(rng.randrange(1, 40))
    ]
    return BodyPart("text/event-stream", "", b"".join(chunks))

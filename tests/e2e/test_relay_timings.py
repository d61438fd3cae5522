"""Timings of a stream through a relay: each event is sent once the one before has arrived."""

import asyncio

from proxy.capture.capture import Capture
from tests.support.raw_upstream import CHUNKED, LAST_CHUNK, Connection, chunk, raw_upstream
from tests.support.relay import standing

EVENTS = [
    b'{"type":"message_start","message":{"model":"m","usage":{"input_tokens":9}}}',
    b'{"type":"content_block_start","index":0,"content_block":{"type":"thinking"}}',
    b'{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}',
    b'{"type":"content_block_delta","delta":{"type":"text_delta","text":""}}',
    b'{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}',
    b'{"type":"content_block_delta","delta":{"type":"text_delta","text":"b"}}',
    b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":20}}',
    b'{"type":"message_stop"}',
]


async def test_each_is_of_the_event_that_it_is_named_for() -> None:
    arrived = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.read_head()
        await connection.read_body()
        await connection.send(CHUNKED)
        for event in EVENTS:
            await connection.send(chunk(b"data: %b\n\n" % event))
            await arrived.wait()
            arrived.clear()
        await connection.send(LAST_CHUNK)

    loop = asyncio.get_running_loop()
    seen_ms: list[float] = []
    async with (
        raw_upstream(serve) as upstream,
        standing(upstream.origin, "anthropic", new_capture=Capture) as stand,
    ):
        began_s = loop.time()
        async with stand.session.post(f"{stand.url}/up/v1/messages", json={}) as reply:
            for _ in EVENTS:
                await reply.content.readany()
                seen_ms.append((loop.time() - began_s) * 1000)
                arrived.set()
            assert await reply.read() == b""
        record = await stand.sink.record()
        lasted_ms = (loop.time() - began_s) * 1000
    times = record.timings_ms
    assert times.upstream_headers is not None
    assert times.first_byte is not None
    assert times.first_reasoning_token is not None
    assert times.first_token is not None
    assert times.upstream is not None
    assert times.proxy_overhead is not None
    assert 0 < times.upstream_headers <= times.first_byte < seen_ms[0]
    assert times.first_byte < times.first_reasoning_token < seen_ms[2]
    assert times.first_reasoning_token < times.first_token < seen_ms[4]
    assert times.first_token < times.total < lasted_ms
    assert times.proxy_overhead + times.upstream <= times.total + 0.01
    assert times.inter_token_p50 is not None
    assert times.inter_token_p99 is not None
    assert 0 < times.inter_token_p50 <= times.inter_token_p99 < times.total
    assert (record.outcome, record.usage and record.usage.output) == ("completed", 20)

"""Dead letters of a real worker: few of them go on, are shown, sent again and counted once."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.dlq.letters import LetterFilter
from app.dlq.resender import Resender
from app.dlq.topic import LetterTopic
from app.record.codec import encode_record
from app.record.keys import exchange_key
from app.record.topics import Topics
from tests.support.burying import HASTY, dlq, until_letters, worker
from tests.support.exchanges import Ledger, exchanges
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process
from tests.support.produce import produce_raw
from tests.support.totals import assert_exact, until_counted

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]

NEIGHBOURS, OLD, GARBAGE, ATTEMPTS = 1980, 10, 10, 2
TOO_OLD = ("--reason", "too_old_to_dedupe")
UNDECODABLE = ("--reason", "undecodable")


async def test_one_percent_goes_on_and_is_counted_once_when_it_is_sent_again(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Half of the poison is records too old for a worker that forgets early, half is garbage."""
    ledger = Ledger()
    short = worker(kafka_broker, topic_prefix, tmp_path / "w", **HASTY)
    able = worker(
        kafka_broker,
        topic_prefix,
        tmp_path / "w",
        port=short.port,
        dead_letters__max_attempts=ATTEMPTS,
    )
    try:
        await short.start().until_ready()
        await send_with_poison(kafka_broker.bootstrap_servers, topic_prefix, ledger)
        await until_letters(kafka_broker, topic_prefix, OLD + GARBAGE)
        await until_counted(short, NEIGHBOURS)
        assert (await short.get("/health/ready"))[1]["parts"]["dead letters"] == "ok"
        await shown(short, tmp_path)
        assert short.stop() == 0
        await able.start().until_ready()
        await sent_again(able, kafka_broker, topic_prefix)
        await until_counted(able, NEIGHBOURS + OLD)
        await asyncio.sleep(2)
        await assert_exact(able, ledger)
        await comes_back(able, kafka_broker, topic_prefix)
        assert able.stop() == 0
    finally:
        short.kill()
        if able.popen is not None:
            able.kill()


async def send_with_poison(servers: str, prefix: str, ledger: Ledger) -> None:
    """Two thousand messages, every hundredth of them poison."""
    now = datetime.now(UTC)
    good = ledger.add_all(exchanges(61, NEIGHBOURS, started_at=now - timedelta(seconds=20)))
    old = ledger.add_all(exchanges(62, OLD, started_at=now - timedelta(days=2)))
    messages: list[tuple[bytes | None, bytes | None]] = [
        (exchange_key(each.tenant, each.user, each.request_id), encode_record(each))
        for each in good
    ]
    step = len(messages) // (OLD + GARBAGE)
    for number, each in enumerate(old):
        key = exchange_key(each.tenant, each.user, each.request_id)
        messages.insert(2 * number * step, (key, encode_record(each)))
        messages.insert((2 * number + 1) * step, (b"default|user-001", b"\xff%d" % number))
    await produce_raw(servers, Topics(prefix).exchanges, messages)


async def shown(process: Process, tmp_path: Path) -> None:
    """`list` and `show`, while the worker runs."""
    code, out = await dlq(process, "list", *TOO_OLD, *UNDECODABLE)
    assert (code, out.count("too_old_to_dedupe")) == (0, OLD + 1)
    assert f"{OLD + GARBAGE} dead letters, {OLD + GARBAGE} of them not sent again" in out
    place = next(line for line in out.splitlines() if "undecodable" in line).split()[0]
    raw = tmp_path / "raw"
    code, out = await dlq(process, "show", place, "--raw", str(raw))
    assert (code, '"stage": "meter"' in out, raw.read_bytes()[:1]) == (0, True, b"\xff")
    code, out = await dlq(process, "replay", *TOO_OLD)
    assert (code, "TAILRACE_METER__SEEN_TTL_S" in out, f"0 sent again, {OLD} refused" in out) == (
        (1, True, True)
    )


async def sent_again(process: Process, broker: KafkaBroker, prefix: str) -> None:
    """Once by a command that is killed before it noted anything, once whole, once in vain."""
    topics, connection = Topics(prefix), {"bootstrap_servers": broker.bootstrap_servers}
    code, out = await dlq(process, "replay", *TOO_OLD, "--dry-run")
    assert (code, f"{OLD} would be sent again" in out) == (0, True), out
    wanted = LetterFilter(reasons=["too_old_to_dedupe"])
    found = [each async for each in LetterTopic(topics, connection).letters(wanted)]
    async with Resender(topics, connection) as killed:
        assert not any(await killed.send(found))
    for arguments, sent, before in ((("--limit", "3"), 3, 0), ((), OLD - 3, 3), ((), 0, OLD)):
        code, out = await dlq(process, "replay", *TOO_OLD, *arguments)
        assert code == 0, out
        assert f"{sent} sent again, 0 refused" in out, out
        assert before == 0 or f"{before} sent before" in out, out
    code, out = await dlq(process, "list", "--waiting")
    assert out.splitlines()[-1].startswith(f"{GARBAGE} dead letters")


async def comes_back(process: Process, broker: KafkaBroker, prefix: str) -> None:
    """What nobody can read ends here again, until it has been tried often enough."""
    count = OLD + GARBAGE
    for _ in range(ATTEMPTS):
        code, out = await dlq(process, "replay", *UNDECODABLE)
        assert (code, f"{GARBAGE} sent again" in out) == (0, True), out
        count += GARBAGE
        letters = await until_letters(broker, prefix, count)
    code, out = await dlq(process, "replay", *UNDECODABLE)
    assert (code, out.count(f"came back {ATTEMPTS} times")) == (1, GARBAGE), out
    garbage = [each for each in letters if each.reason == "undecodable"]
    first = {each.origin for each in garbage if each.attempt == 0}
    assert {each.first_origin for each in garbage if each.attempt == ATTEMPTS} == first

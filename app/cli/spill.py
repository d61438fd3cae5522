"""`tailrace spill`: what lies on the local disk, and its replay where no process does it."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.clock import SystemClock
from app.errors import StartError
from config import Settings, load_settings
from config.sections import servers
from proxy.publisher.outlet import Outlet
from proxy.publisher.spill.disk import LocalDisk
from proxy.publisher.spill.inspection import Found, inspect
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.spill import Spill

EXIT_INCOMPLETE = 1
BATCH_MESSAGES = 500
BATCH_BYTES = 4 << 20
MAX_FAILURES = 5
RETRY_S = 1.0
NO_LIMIT = 1 << 62
COLUMNS = ("segment", "messages", "bytes", "age_s", "torn_bytes", "corrupt_bytes", "lost", "owner")


def register(subparsers: Any) -> None:
    """Add the command and its two."""
    top = subparsers.add_parser("spill", help="records on the local disk, not published yet")
    commands = top.add_subparsers(dest="action", required=True, metavar="action")
    listing = commands.add_parser("list", help="print every segment; also beside a running process")
    replay = commands.add_parser(
        "replay", help="publish what no process owns, and delete it once it is acknowledged"
    )
    for parser in (listing, replay):
        parser.add_argument("--dir", help="where to look; default: TAILRACE_SPILL__DIR")
    replay.add_argument(
        "--bootstrap", help="host:port[,host:port]; default: TAILRACE_KAFKA__BOOTSTRAP_SERVERS"
    )


def run(arguments: argparse.Namespace) -> int:
    """List, or replay: 1 where something could not be published. Raises: StartError."""
    settings = load_settings()
    root = Path(arguments.dir).expanduser() if arguments.dir else settings.spill_dir
    found = _inspected(root)
    if arguments.action == "list":
        for line in listed(found, SystemClock().monotonic_s()):
            print(line)
        return 0
    if not to_replay(found):
        print(f"nothing to replay in {root}")
        return 0
    return asyncio.run(replay(root, _outlet(settings, arguments.bootstrap)))


def listed(found: Sequence[Found], monotonic_s: float) -> list[str]:
    """A line per segment under a line of headings, and a line of totals."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    for each in found:
        owner = "nobody" if each.owner is None else f"process {each.owner}"
        for one in each.segments:
            age_s = int(monotonic_s - one.born_s)
            counts = (one.messages, one.bytes, age_s, one.torn_bytes, one.corrupt_bytes)
            lost = one.lost_messages
            rows.append((str(one.path), *map(str, counts), str(lost), owner))
        rows += [(str(path), "of another version") for path in each.foreign]
    widths = [max(len(row[place]) for row in rows if len(row) > 2) for place in range(len(COLUMNS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    segments = sum(len(each.segments) for each in found)
    return [*lines, f"{sum(each.messages for each in found)} messages in {segments} segments"]


def to_replay(found: Sequence[Found]) -> bool:
    """Whether there is anything that nobody owns. Raises: StartError if all there is has an owner.

    What has an owner is said on stderr, and left to it.
    """
    owned = [each for each in found if each.owner is not None and each.segments]
    free = any(each.owner is None and each.segments for each in found)
    lines = [f"{each.directory} is in use by process {each.owner}" for each in owned]
    if owned and not free:
        raise StartError("; ".join(lines) + ": it replays by itself, or stop it first")
    for line in lines:
        print(f"tailrace: {line}: left to it", file=sys.stderr)
    return free


async def replay(root: Path, outlet: Outlet) -> int:
    """Publish what nobody owns below `root`; exit code 1 if not all could be."""
    losses: Counter[str] = Counter()
    spill = Spill(
        root,
        SpillOptions(max_bytes=NO_LIMIT, fsync="never", max_age_s=float("inf")),
        body_topics=(),
        producer="replay",
        clock=SystemClock(),
        count_loss=lambda reason, messages: losses.update({reason: messages}),
    )
    await spill.open()
    try:
        results = await _published(spill, outlet)
    finally:
        left = spill.records
        await spill.close()
        await outlet.close()
    print(f"{results['delivered']} messages replayed, {left} left")
    unpublished = Counter({"refused": results["refused"]}) + losses
    for reason, messages in sorted(unpublished.items()):
        print(f"tailrace: {messages} messages lost: {reason}", file=sys.stderr)
    return EXIT_INCOMPLETE if left or unpublished else 0


async def _published(spill: Spill, outlet: Outlet) -> Counter[str]:
    """Deliver batch by batch until nothing is left, or nothing succeeds any more."""
    totals: Counter[str] = Counter()
    failures = 0
    while (batch := await spill.next_batch(BATCH_MESSAGES, BATCH_BYTES)) is not None:
        waiting = batch.messages
        while waiting:
            results = await outlet.deliver(waiting)
            totals.update(results)
            again = [
                message
                for message, result in zip(waiting, results, strict=True)
                if result == "retry"
            ]
            failures = failures + 1 if len(again) == len(waiting) else 0
            if failures == MAX_FAILURES:
                print("tailrace: the broker takes nothing; try again later", file=sys.stderr)
                return totals
            waiting = again
            if again:
                await asyncio.sleep(RETRY_S)
        await spill.done(batch)
    return totals


def _inspected(root: Path) -> list[Found]:
    try:
        return inspect(root, LocalDisk(), SystemClock())
    except OSError as error:
        raise StartError(f"{error.filename or root} cannot be read: {error.strerror}") from error


def _outlet(settings: Settings, bootstrap: str | None) -> Outlet:
    from app.composition.streams import brokers_of
    from app.engine.security import broker_security
    from proxy.publisher.kafka_outlet import KafkaOutlet

    try:
        named = [] if bootstrap is None else servers(bootstrap).split(",")
    except ValueError as error:
        raise StartError(f"--bootstrap {bootstrap!r}: {error}") from error
    security = broker_security(settings.kafka).client_options()
    return KafkaOutlet(
        {"bootstrap_servers": named or list(brokers_of(settings)), **security},
        request_timeout_s=settings.kafka.request_timeout_s,
        compression=settings.kafka.compression,
    )

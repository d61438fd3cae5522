"""`tailrace dlq list|show|replay`: the messages that no agent could handle."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.clock import SystemClock
from app.dlq.letters import LetterFilter, ReplayRules, Stored, Tally, line_of, shown
from app.embedded.data_dir import DataDir
from app.errors import StartError, Unavailable
from app.record.topics import Topics
from config import Settings, load_settings

if TYPE_CHECKING:
    from app.dlq.topic import LetterTopic

EXIT_INCOMPLETE = 1
BATCH = 100
MANY = ("reason", "stage", "topic")


def register(subparsers: Any) -> None:
    """Add the command and its three."""
    top = subparsers.add_parser("dlq", help="messages that no agent could handle")
    commands = top.add_subparsers(dest="action", required=True, metavar="action")
    listing = commands.add_parser("list", help="a line for each, and how many of each kind")
    replay = commands.add_parser("replay", help="send them again to where they came from")
    show = commands.add_parser("show", help="all that is known of one")
    show.add_argument("place", help="partition:offset, as `list` prints it")
    show.add_argument("--raw", metavar="FILE", help="write the message's value there, as it was")
    for parser in (listing, replay):
        for name in MANY:
            parser.add_argument(f"--{name}", action="append", default=[], help="repeatable")
        for name in ("tenant", "user", "key"):
            parser.add_argument(f"--{name}")
        parser.add_argument("--since", type=_time, help="RFC 3339, UTC where it does not say")
        parser.add_argument("--until", type=_time)
        parser.add_argument("--at", action="append", default=[], metavar="PARTITION:OFFSET")
    replay.add_argument("--dry-run", action="store_true", help="say what would be sent")
    replay.add_argument("--again", action="store_true", help="also those that were sent already")
    replay.add_argument("--max-attempts", type=int, help="default: the setting's")


def run(arguments: argparse.Namespace) -> int:
    """List, show or replay; 1 where some may not be sent. Raises: StartError."""
    from app.dlq.topic import LetterTopic

    settings = load_settings()
    topic = LetterTopic(Topics(settings.kafka.topic_prefix), connection_of(settings))
    actions = {"list": _list, "show": _show, "replay": _replay}
    try:
        return asyncio.run(actions[arguments.action](topic, arguments, settings))
    except Unavailable as exc:
        raise StartError(str(exc)) from exc


def connection_of(settings: Settings) -> dict[str, Any]:
    """How to reach the broker: the settings', else that of the instance that runs here."""
    from app.engine.security import broker_security

    servers = settings.kafka.bootstrap_servers
    if servers is None:
        try:
            servers = str(DataDir.at(settings.data_dir).read_instance()["kafka"])
        except (Unavailable, KeyError) as exc:
            raise StartError(
                "TAILRACE_KAFKA__BOOTSTRAP_SERVERS is not set, and no instance runs on"
                f" {settings.data_dir}"
            ) from exc
    security = broker_security(settings.kafka).client_options()
    return {"bootstrap_servers": servers.split(","), **security}


def filter_of(arguments: argparse.Namespace) -> LetterFilter:
    """The letters that the arguments name."""
    return LetterFilter(
        reasons=arguments.reason,
        stages=arguments.stage,
        topics=arguments.topic,
        places=arguments.at,
        since=arguments.since,
        until=arguments.until,
        tenant=arguments.tenant,
        user=arguments.user,
        key=arguments.key,
    )


async def _wanted(topic: "LetterTopic", wanted: LetterFilter) -> AsyncIterator[Stored]:
    async for stored in topic.letters():
        if wanted.wants(stored):
            yield stored


async def _list(topic: "LetterTopic", arguments: argparse.Namespace, settings: Settings) -> int:
    del settings
    tally = Tally()
    async for stored in _wanted(topic, filter_of(arguments)):
        print(line_of(stored))
        tally.add(stored)
    for line in tally.lines():
        print(line)
    print(f"{sum(tally.counts.values())} dead letters")
    return 0


async def _show(topic: "LetterTopic", arguments: argparse.Namespace, settings: Settings) -> int:
    del settings
    async for stored in _wanted(topic, LetterFilter(places=[arguments.place])):
        print(json.dumps(shown(stored), indent=2, ensure_ascii=False))
        if arguments.raw:
            await asyncio.to_thread(Path(arguments.raw).write_bytes, stored.letter.raw_value or b"")
        return 0
    raise StartError(f"there is no dead letter at {arguments.place}")


async def _replay(topic: "LetterTopic", arguments: argparse.Namespace, settings: Settings) -> int:
    rules = ReplayRules(
        arguments.max_attempts or settings.dead_letters.max_attempts,
        settings.dead_letters.max_replay_age_s,
        again=arguments.again,
    )
    batch: list[Stored] = []
    sent = refused = 0
    async for stored in _wanted(topic, filter_of(arguments)):
        if (reason := rules.refusal(stored, SystemClock().now_s())) is not None:
            print(f"tailrace: {stored.place}: {reason}", file=sys.stderr)
            # What was sent already is done, the others still wait for somebody.
            refused += not stored.replayed
            continue
        batch.append(stored)
        sent += 1
        if len(batch) == BATCH:
            await _send(topic, batch, dry=arguments.dry_run)
    await _send(topic, batch, dry=arguments.dry_run)
    print(f"{sent} {'would be ' if arguments.dry_run else ''}sent again, {refused} refused")
    return EXIT_INCOMPLETE if refused else 0


async def _send(topic: "LetterTopic", batch: list[Stored], *, dry: bool) -> None:
    if batch and not dry:
        await topic.send_again(batch)
    batch.clear()


def _time(text: str) -> datetime:
    """A time of the command line. Raises: ArgumentTypeError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no RFC 3339 time") from exc
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)

"""`tailrace dlq list|show|replay`: the messages that no agent could handle."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.connection import connection_of
from app.clock import SystemClock
from app.dlq.letters import LetterFilter, offsets_in
from app.dlq.replaying import Plan, ReplayRules
from app.dlq.shown import Tally, line_of, shown
from app.errors import StartError, Unavailable
from app.record.topics import Topics
from config import Settings, load_settings

if TYPE_CHECKING:
    from app.dlq.resender import Resender
    from app.dlq.topic import LetterTopic

EXIT_INCOMPLETE = 1
MANY = ("reason", "stage", "topic")


def register(subparsers: Any) -> None:
    """Add the command and its three."""
    top = subparsers.add_parser("dlq", help="messages that no agent could handle")
    commands = top.add_subparsers(dest="action", required=True, metavar="action")
    listing = commands.add_parser("list", help="a line for each, and how many of each kind")
    replay = commands.add_parser("replay", help="send them again to where they came from")
    show = commands.add_parser("show", help="all that is known of one")
    show.add_argument("place", type=_place, help="partition:offset, as `list` prints it")
    show.add_argument("--raw", metavar="FILE", help="write the message's value there, as it was")
    for parser in (listing, replay):
        for name in MANY:
            parser.add_argument(f"--{name}", action="append", default=[], help="repeatable")
        for name in ("tenant", "user", "key"):
            parser.add_argument(f"--{name}")
        parser.add_argument("--since", type=_time, help="RFC 3339, UTC where it does not say")
        parser.add_argument("--until", type=_time)
        parser.add_argument(
            "--at", action="append", type=_place, default=[], metavar="PARTITION:OFFSET"
        )
    listing.add_argument("--waiting", action="store_true", help="only those not sent again")
    replay.add_argument("--dry-run", action="store_true", help="say what would be sent")
    replay.add_argument("--again", action="store_true", help="also those that were sent already")
    replay.add_argument("--limit", type=_count, help="no more than so many, to try it first")
    replay.add_argument("--max-attempts", type=_count, help="default: the setting's")


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
        waiting=getattr(arguments, "waiting", False),
    )


async def _list(topic: "LetterTopic", arguments: argparse.Namespace, settings: Settings) -> int:
    del settings
    tally = Tally()
    async for stored in topic.letters(filter_of(arguments)):
        print(line_of(stored))
        tally.add(stored)
    for line in tally.lines():
        print(line)
    return 0


async def _show(topic: "LetterTopic", arguments: argparse.Namespace, settings: Settings) -> int:
    del settings
    async with aclosing(topic.letters(LetterFilter(places=[arguments.place]))) as letters:
        async for stored in letters:
            print(json.dumps(shown(stored), indent=2))
            if arguments.raw:
                await asyncio.to_thread(_write, Path(arguments.raw), stored.letter.raw_value)
            return 0
    raise StartError(f"there is no dead letter at {arguments.place}")


async def _replay(topic: "LetterTopic", arguments: argparse.Namespace, settings: Settings) -> int:
    plan = plan_of(arguments, settings)
    topics, wanted = Topics(settings.kafka.topic_prefix), filter_of(arguments)
    # What is sent now may come back before all is read: that is for another run.
    now = datetime.now(UTC)
    wanted = replace(wanted, until=now if wanted.until is None else min(now, wanted.until))
    async with (
        _resender(topics, settings, dry=arguments.dry_run) as resender,
        aclosing(topic.letters(wanted)) as letters,
    ):
        async for stored in letters:
            if (reason := plan.take(stored)) is not None:
                print(f"tailrace: {stored.place}: {reason}", file=sys.stderr)
            await _send(resender, plan)
            if plan.is_full:
                break
        await _send(resender, plan, last=True)
    would = "would be " if arguments.dry_run else ""
    print(
        f"{plan.to_send} {would}sent again, {plan.refused} refused, {plan.sent_before} sent before"
    )
    return EXIT_INCOMPLETE if plan.refused else 0


def plan_of(arguments: argparse.Namespace, settings: Settings) -> Plan:
    """What the settings and the arguments let through."""
    dead = settings.dead_letters
    attempts = arguments.max_attempts
    rules = ReplayRules(
        Topics(settings.kafka.topic_prefix),
        max_attempts=dead.max_attempts if attempts is None else attempts,
        max_age_s=dead.max_replay_age_s,
        seen_ttl_s=settings.meter.seen_ttl_s,
    )
    return Plan(rules, SystemClock().now_s, again=arguments.again, limit=arguments.limit)


@asynccontextmanager
async def _resender(
    topics: Topics, settings: Settings, *, dry: bool
) -> "AsyncIterator[Resender | None]":
    from app.dlq.resender import Resender

    if dry:
        yield None
        return
    async with Resender(topics, connection_of(settings)) as resender:
        yield resender


async def _send(resender: "Resender | None", plan: Plan, *, last: bool = False) -> None:
    """Send what can be sent now, and say what the broker did not take."""
    for portion in plan.portions(last=last):
        if resender is None:
            continue
        for stored, failure in zip(portion, await resender.send_again(portion), strict=True):
            if failure is not None:
                plan.failed()
                print(f"tailrace: {stored.place}: {failure}", file=sys.stderr)


def _write(path: Path, value: bytes | None) -> None:
    """Write a message's value. Raises: StartError."""
    try:
        path.write_bytes(value or b"")
    except OSError as exc:
        raise StartError(f"{path} cannot be written: {exc}") from exc


def _time(text: str) -> datetime:
    """A time of the command line. Raises: ArgumentTypeError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no RFC 3339 time") from exc
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _place(text: str) -> str:
    """A letter's place. Raises: ArgumentTypeError."""
    if not offsets_in([text]):
        raise argparse.ArgumentTypeError(f"{text!r} is no partition:offset")
    return text


def _count(text: str) -> int:
    """A number above 0. Raises: ArgumentTypeError."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)

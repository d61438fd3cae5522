"""`tailrace reconcile`: does every exchange that was proxied end somewhere?"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

from app.accounting.counts import UNKNOWN_TENANT
from app.accounting.identity import Ledger, Line, table
from app.accounting.losses import losses, unexplained
from app.accounting.retention import Kept, compared, shortest_kept
from app.cli.connection import connection_of
from app.errors import StartError, Unavailable
from app.record.topics import Topics
from config import Settings, load_settings

EXIT_DOES_NOT_ADD_UP = 1
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SPAN = re.compile(r"([0-9]{1,6})([smhd])")
MAX_GAPS = 50


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "reconcile", help="per tenant and minute: proxied = metered + sampled out + dead + dropped"
    )
    parser.add_argument("--since", type=span_s, default=3600.0, help="such as 90m, 24h; default 1h")
    parser.add_argument("--until", type=span_s, default=0.0, help="so long ago; default: now")
    parser.add_argument("--tenant", help="only this one's lines")
    parser.add_argument(
        "--grace", type=span_s, default=120.0, help="younger minutes may be under way; default 2m"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Print; 1 if it does not add up. Raises: StartError."""
    settings, now_s = load_settings(), time.time()
    try:
        ledger = asyncio.run(_read(arguments, settings, now_s))
    except Unavailable as exc:
        raise StartError(str(exc)) from exc
    lines = ledger.lines(young_from=int((now_s - arguments.grace) // 60) + 1)
    return _say(ledger, lines, as_json=arguments.json, tenant=arguments.tenant)


async def _read(arguments: argparse.Namespace, settings: Settings, now_s: float) -> Ledger:
    """Everything about the span asked for. Raises: StartError, Unavailable."""
    from app.accounting.reading import read_ledger
    from app.composition.streams import app_id
    from app.topic_admin import describe_topics

    topics, connection = Topics(settings.kafka.topic_prefix), connection_of(settings)
    found = await describe_topics(compared(topics), connection)
    check_span(arguments.since, shortest_kept(topics, found))
    since_s, until_s = now_s - arguments.since, now_s - arguments.until + 60
    return await read_ledger(
        topics, connection, since_s=since_s, until_s=until_s, group=app_id(settings)
    )


def check_span(since_s: float, kept: Kept | None) -> None:
    """Return if all that is compared is kept for so long. Raises: StartError."""
    if kept is not None and since_s > kept.seconds:
        raise StartError(
            f"--since {span_text(since_s)}: {kept.topic} keeps what it is given for"
            f" {span_text(kept.seconds)}, and what it has forgotten would be missing here"
        )


def _say(ledger: Ledger, lines: list[Line], *, as_json: bool, tenant: str | None = None) -> int:
    known = [line for line in lines if line.tenant != UNKNOWN_TENANT]
    shown = [line for line in known if tenant in (None, line.tenant)]
    missing = sum(line.missing for line in shown)
    excess = sum(line.excess for line in shown)
    # Nobody knows whose a loss was: what none explains may be missing of any tenant.
    left = min(missing, unexplained(lines))
    gaps = ledger.gaps(shown) if missing else []
    adds_up = not left and not excess
    if as_json:
        answer = {
            "adds_up": adds_up,
            "lines": [line.as_json() for line in shown],
            "gaps": [gap._asdict() for gap in gaps],
            "unexplained": left,
            **_unknown(lines),
            "unreadable_letters": ledger.unreadable_letters,
        }
        print(json.dumps(answer, indent=2))
        return 0 if adds_up else EXIT_DOES_NOT_ADD_UP
    rows = table(line for line in shown if line.proxied or line.missing)
    print(*rows, *_notes(ledger, lines, shown), sep="\n")
    for gap in gaps[:MAX_GAPS]:
        print(f"missing: producer {gap.producer_id}, sequences {gap.first} to {gap.last}")
    if not adds_up:
        explained = f", {missing - left} of them explained" if missing > left else ""
        print(f"tailrace: {missing} missing{explained}, {excess} in excess", file=sys.stderr)
        return EXIT_DOES_NOT_ADD_UP
    print(f"{sum(line.proxied for line in shown)} exchanges proxied: it adds up")
    return 0


def _unknown(lines: list[Line]) -> dict[str, int]:
    """What is known of no tenant, in numbers."""
    dated, undated = losses(lines, dated=True), losses(lines, dated=False)
    return {
        "lost_by_spill": dated["spill"],
        "refused_in_replay": dated["refused"],
        "lost_at_unknown_times": undated.total(),
        "without_place": sum(line.proxied for line in lines if line.tenant == UNKNOWN_TENANT),
    }


def _notes(ledger: Ledger, lines: list[Line], shown: list[Line]) -> Iterator[str]:
    """What the lines leave out or cannot attribute."""
    spill, refused, undated, without_place = _unknown(lines).values()
    if spill or refused:
        yield (
            f"the spill gave up {spill} records, and the broker refused {refused} of its replay, of"
            " unknown tenants: each explains one that is missing of its minute or an earlier one"
        )
    if undated:
        yield f"{undated} records of unknown tenants were lost at unknown times: they explain none"
    if without_place:
        yield (
            f"{without_place} exchanges, at whatever time, had no place under their tenants, who"
            " were too many: they are compared with nothing"
        )
    uncounted = [line.uncounted for line in shown if line.uncounted]
    if uncounted:
        yield (
            f"{sum(uncounted)} records in {len(uncounted)} minutes of tenants are compared with"
            " nothing: their producers told no counts of them"
        )
    if ledger.unreadable_letters:
        yield f"{ledger.unreadable_letters} dead letters cannot be read: they belong to no line"


def span_s(text: str) -> float:
    """A span of time such as `90m`. Raises: ArgumentTypeError."""
    found = SPAN.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no span such as 90s, 30m, 24h or 7d")
    return float(int(found[1]) * UNITS_S[found[2]])


def span_text(seconds: float) -> str:
    """A span of time as `span_s` reads it, in the largest unit that says it."""
    whole = int(seconds)
    unit = next(name for name in reversed(UNITS_S) if whole % UNITS_S[name] == 0)
    return f"{whole // UNITS_S[unit]}{unit}"

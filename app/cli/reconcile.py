"""`tailrace reconcile`: does every exchange that was proxied end somewhere?"""

import argparse
import asyncio
import json
import re
import sys
import time
from typing import Any

from app.accounting.counts import UNKNOWN_TENANT
from app.accounting.identity import Ledger, Line, table
from app.cli.connection import connection_of
from app.errors import StartError, Unavailable
from app.record.topics import Topics
from config import load_settings

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
    from app.accounting.reading import read_ledger

    settings = load_settings()
    now_s = time.time()
    since_s, until_s = now_s - arguments.since, now_s - arguments.until + 60
    topics = Topics(settings.kafka.topic_prefix)
    reading = read_ledger(topics, connection_of(settings), since_s=since_s, until_s=until_s)
    try:
        ledger = asyncio.run(reading)
    except Unavailable as exc:
        raise StartError(str(exc)) from exc
    lines = ledger.lines(young_from=int((now_s - arguments.grace) // 60) + 1)
    if arguments.tenant:
        lines = [line for line in lines if line.tenant in (arguments.tenant, UNKNOWN_TENANT)]
    return _say(ledger, lines, as_json=arguments.json)


def _say(ledger: Ledger, lines: list[Line], *, as_json: bool) -> int:
    # Losses of the spill are known by number alone: they explain as much that is missing.
    unknown = sum(sum(line.dropped.values()) for line in lines if line.tenant == UNKNOWN_TENANT)
    shown = [line for line in lines if line.tenant != UNKNOWN_TENANT]
    missing = sum(line.missing for line in shown)
    excess = sum(line.excess for line in shown)
    gaps = ledger.gaps(shown) if missing else []
    adds_up = missing <= unknown and not excess
    if as_json:
        answer = {
            "adds_up": adds_up,
            "lines": [line.as_json() for line in shown],
            "gaps": [gap._asdict() for gap in gaps],
            "lost_by_spill": unknown,
            "unreadable_letters": ledger.unreadable_letters,
        }
        print(json.dumps(answer, indent=2))
        return 0 if adds_up else EXIT_DOES_NOT_ADD_UP
    print("\n".join(table(shown)))
    if unknown:
        print(f"the spill gave up {unknown} records of unknown tenants")
    if ledger.unreadable_letters:
        print(f"{ledger.unreadable_letters} dead letters cannot be read: they belong to no line")
    for gap in gaps[:MAX_GAPS]:
        print(f"missing: producer {gap.producer_id}, sequences {gap.first} to {gap.last}")
    if not adds_up:
        print(f"tailrace: {missing} missing, {excess} in excess", file=sys.stderr)
        return EXIT_DOES_NOT_ADD_UP
    print(f"{sum(line.proxied for line in shown)} exchanges proxied: it adds up")
    return 0


def span_s(text: str) -> float:
    """A span of time such as `90m`. Raises: ArgumentTypeError."""
    found = SPAN.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no span such as 90s, 30m, 24h or 7d")
    return float(int(found[1]) * UNITS_S[found[2]])

"""Realistic records from a seed, and a ledger of what was sent.

`exchanges(seed, count)` gives the same records on every run: a mix of users, providers, models,
token counts and outcomes, priced and unpriced. The `Ledger` adds up per user what was sent, without
any code of the tables, so that its sums can be held against `/api/v1/users/{user}`.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app.pricing import Pricer
from app.record.model import (
    ANONYMOUS_USER,
    DEFAULT_TENANT,
    TOKEN_KINDS,
    Outcome,
    Record,
    Timings,
    Usage,
)

STARTED_AT = datetime(2026, 3, 14, 15, 0, 0, tzinfo=UTC)
KINDS = TOKEN_KINDS
SUMS = ("requests", "unpriced_requests", "cost_nano_usd", "tokens")
COMPARED = ("tenant", "user", "outcomes", *SUMS)
OUTCOMES: dict[Outcome, int] = {
    "completed": 90,
    "client_abort": 4,
    "upstream_error": 3,
    "timeout": 2,
    "refused": 1,
}


class Upstream(NamedTuple):
    """A provider as a record shows it, and models it serves."""

    provider: str
    dialect: str
    url: str
    path: str
    models: tuple[str, ...]


UPSTREAMS = (
    Upstream(
        "openai",
        "openai",
        "https://api.openai.com/v1",
        "/v1/chat/completions",
        ("gpt-4o", "gpt-4o-mini", "gpt-5", "o3"),
    ),
    Upstream(
        "anthropic",
        "anthropic",
        "https://api.anthropic.com",
        "/v1/messages",
        ("claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"),
    ),
    Upstream(
        "mock",
        "openai",
        "http://127.0.0.1:6066/internal/mock",
        "/v1/chat/completions",
        ("mock-gpt", "mock-mini"),
    ),
    Upstream("vllm", "openai", "http://vllm:8000", "/v1/chat/completions", ("qwen3-8b",)),
)


def user_names(count: int) -> list[str]:
    """`user-000`, `user-001` and so on."""
    return [f"user-{number:03d}" for number in range(count)]


def exchanges(
    seed: int,
    count: int,
    *,
    users: Sequence[str] = (*user_names(20), ANONYMOUS_USER),
    tenant: str = DEFAULT_TENANT,
    started_at: datetime = STARTED_AT,
    spacing: timedelta = timedelta(milliseconds=10),
    producer_id: str | None = None,
) -> Iterator[Record]:
    """`count` records, the same ones for the same arguments; request ids differ between seeds.

    Users take turns in a random order. The property `number` counts the records of one user from
    0, `sequence` those of the producer.
    """
    rng = random.Random(seed)
    numbers: Counter[str] = Counter()
    for sequence in range(count):
        user = rng.choice(users)
        yield _record(
            rng,
            tenant=tenant,
            user=user,
            started_at=started_at + sequence * spacing,
            producer_id=producer_id or f"generator-{seed}",
            sequence=sequence,
            properties={"number": str(numbers[user])},
        )
        numbers[user] += 1


def _record(rng: random.Random, *, started_at: datetime, **identity: Any) -> Record:
    upstream = rng.choice(UPSTREAMS)
    model = rng.choice(upstream.models)
    outcome = rng.choices(list(OUTCOMES), weights=list(OUTCOMES.values()))[0]
    answered = outcome in ("completed", "client_abort")
    total_ms = round(rng.lognormvariate(7, 0.8), 3)
    first_ms = round(total_ms * rng.uniform(0.05, 0.5), 3)
    stream = rng.random() < 0.6
    return Record(
        **identity,
        request_id=_request_id(rng, started_at),
        produced_at=started_at + timedelta(milliseconds=total_ms + 1),
        provider=upstream.provider,
        dialect=upstream.dialect,
        upstream_url=upstream.url,
        path=upstream.path,
        method="POST",
        model_requested=model,
        stream=stream,
        request_bytes=rng.randrange(200, 20_000),
        started_at=started_at,
        status={"upstream_error": 529, "timeout": None, "refused": None}.get(outcome, 200),
        outcome=outcome,
        error=None if answered else f"{outcome} by the generator",
        model=model if answered else None,
        finish_reason="stop" if outcome == "completed" else None,
        response_bytes=rng.randrange(200, 50_000) if answered else 0,
        timings_ms=Timings(
            total=total_ms,
            first_byte=first_ms if answered else None,
            first_token=first_ms if answered and stream else None,
        ),
        usage=_usage(rng, upstream.dialect) if answered and rng.random() < 0.97 else None,
    )


def _request_id(rng: random.Random, started_at: datetime) -> str:
    """In the shape of a UUIDv7 (RFC 9562), of the record's time and the generator's randomness."""
    ms, tail = int(started_at.timestamp() * 1000), f"{rng.getrandbits(74):020x}"
    return f"{ms:012x}"[:8] + "-" + f"{ms:012x}"[8:] + f"-7{tail[:3]}-8{tail[3:6]}-{tail[6:18]}"


def _usage(rng: random.Random, dialect: str) -> Usage:
    tokens_in, tokens_out = rng.randrange(10, 8000), rng.randrange(1, 2000)
    cached = rng.randrange(tokens_in) if rng.random() < 0.3 else 0
    if dialect == "anthropic":
        written = rng.randrange(tokens_in - cached)
        return Usage(
            input=tokens_in,
            output=tokens_out,
            cache_read=cached,
            cache_write=written,
            cache_write_1h=rng.randrange(written + 1),
        )
    reasoning = rng.randrange(tokens_out) if rng.random() < 0.3 else 0
    return Usage(input=tokens_in, output=tokens_out, cache_read=cached, reasoning=reasoning)


class Ledger:
    """What was sent, per tenant and user; a request id sent again counts once."""

    def __init__(self, pricer: Pricer | None = None) -> None:
        self._pricer = pricer or Pricer.load()
        self._records: dict[tuple[str, str], list[Record]] = defaultdict(list)
        self._seen: set[tuple[str, str]] = set()

    def add(self, record: Record) -> None:
        """Note a record that was, or is to be, sent."""
        identity = (record.tenant, record.request_id)
        if identity not in self._seen:
            self._seen.add(identity)
            self._records[record.tenant, record.user].append(record)

    def add_all(self, records: Iterable[Record]) -> list[Record]:
        """Note them all, and give them back as a list."""
        noted = list(records)
        for record in noted:
            self.add(record)
        return noted

    def users(self, tenant: str = DEFAULT_TENANT) -> list[str]:
        """Everyone who sent something, sorted."""
        return sorted(user for of, user in self._records if of == tenant)

    def records(self, user: str, tenant: str = DEFAULT_TENANT) -> list[Record]:
        """A user's distinct records in the order they were added."""
        return list(self._records[tenant, user])

    def expected(
        self, user: str, tenant: str = DEFAULT_TENANT, *, first: int | None = None
    ) -> dict[str, Any]:
        """The exactly predictable part of the answer of `/api/v1/users/{user}`.

        `first`: when only so many of the user's records were counted.
        """
        records = self._records[tenant, user][:first]
        by_model: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_model[record.model or record.model_requested or "unknown"].append(record)
        return {
            "tenant": tenant,
            "user": user,
            **self._sums(records),
            "outcomes": dict(Counter(record.outcome for record in records)),
            "by_model": {model: self._sums(part) for model, part in by_model.items()},
        }

    def _sums(self, records: Sequence[Record]) -> dict[str, Any]:
        costs = [self._pricer.price(record).nano_usd for record in records]
        usages = [record.usage for record in records if record.usage is not None]
        return {
            "requests": len(records),
            "unpriced_requests": costs.count(None),
            "cost_nano_usd": sum(cost for cost in costs if cost is not None),
            "tokens": {kind: sum(getattr(each, kind) or 0 for each in usages) for kind in KINDS},
        }


def comparable(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `/api/v1/users/{user}` that `Ledger.expected` predicts: equal, or it is wrong."""
    by_model = {
        model: {name: row[name] for name in SUMS} for model, row in answer["by_model"].items()
    }
    return {name: answer[name] for name in COMPARED} | {"by_model": by_model}

"""A case done directly and through the relay: the same outcome, the same requests upstream."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.record.model import Record
from proxy.capture.capture import Capture
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.outcome import outcome
from tests.e2e.sdks.stand_in import Arrival, StandIn, standing_in
from tests.support.relay import Stand, standing


@asynccontextmanager
async def both(dialect: str) -> AsyncIterator[tuple[StandIn, Stand]]:
    """A stand-in, and a relay whose upstream `up` it is."""
    async with (
        standing_in() as stand_in,
        standing(stand_in.url, dialect, new_capture=Capture) as stand,
    ):
        yield stand_in, stand


async def run(case: Case, base: str, *, retries: int = 2) -> list[Any]:
    """What comes of it by the async client, and by the sync one."""
    async with case.sdk.clients(base, retries=retries) as (many, one):
        return [await outcome(case.run_async, many), await outcome(case.run_sync, one)]


async def held(case: Case, *, retries: int = 2) -> tuple[list[Record], list[Arrival]]:
    """The records of the relayed calls, and what reached the provider by them, once all is equal.

    Every request that reached the provider has its record.
    """
    async with both(case.sdk.name) as (stand_in, stand):
        direct = await run(case, stand_in.url, retries=retries)
        sent = list(stand_in.noted)
        stand_in.forget()
        relayed = await run(case, f"{stand.url}/up", retries=retries)
        assert relayed == direct
        for each in relayed:
            assert (isinstance(each, dict) and "raised" in each) is case.raises, each
        arrived = list(stand_in.noted)
        assert arrived == sent
        assert len(arrived) >= 2
        return await stand.sink.records(len(arrived)), arrived

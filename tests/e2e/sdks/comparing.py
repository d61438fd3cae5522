"""A case four times at once: async and sync, directly and through a relay; what must be equal is.

Outcomes, response headers, and the requests that arrived; then the records of those that passed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from proxy.capture.capture import Capture
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import Client, Make
from tests.e2e.sdks.outcome import failed
from tests.e2e.sdks.reading import run_async, run_sync
from tests.e2e.sdks.records import told
from tests.e2e.sdks.stand_in import StandIn, standing_in
from tests.support.relay import Stand, standing

KINDS = ("async", "sync")
PATIENT_S = 30


@asynccontextmanager
async def both(dialect: str) -> AsyncIterator[tuple[StandIn, Stand]]:
    """A stand-in, and a relay whose upstream `up` it is; what loses that name goes elsewhere."""
    async with (
        standing_in() as stand_in,
        standing(stand_in.url, dialect, new_capture=Capture, default="mock") as stand,
    ):
        yield stand_in, stand


async def held(dialect: str, make: Make, case: Case) -> None:
    """Compare, and look at the records."""
    async with both(dialect) as (stand_in, stand):
        ways = {
            f"{where} {kind}": came_of(make, case, base, f"{where} {kind}", kind == "async")
            for where, base in (("direct", stand_in.url), ("relayed", f"{stand.url}/up"))
            for kind in KINDS
        }
        results = dict(zip(ways, await asyncio.gather(*ways.values()), strict=True))
        for kind in KINDS:
            direct, relayed = f"direct {kind}", f"relayed {kind}"
            (result, heads), (result_relayed, heads_relayed) = results[direct], results[relayed]
            assert result == result_relayed, kind
            if case.heads_alike:
                assert heads.seen == heads_relayed.seen, kind
            assert (isinstance(result, dict) and "raised" in result) is case.raises, result
            assert stand_in.arrivals[direct] == stand_in.arrivals[relayed], kind
            for way in (direct, relayed):
                attempted(case, stand_in, way)
            assert not any(heads.ids)
            assert all(heads_relayed.ids)
        if "client_abort" in (case.outcome, case.earlier):
            await until(lambda: stand_in.left == set(ways))
        records = await stand.sink.records(case.attempts * len(KINDS))
    told(case, records, [stand_in.arrivals[f"relayed {kind}"] for kind in KINDS])


async def came_of(make: Make, case: Case, base: str, way: str, is_async: bool) -> Any:
    """What a case gives or raises by a client of its own, and the heads of the responses."""
    headers = case.headers | {"x-way": way}
    client = await asyncio.to_thread(make, base, is_async, headers, case.client)
    try:
        if is_async:
            result = await run_async(case, client.calls)
        else:
            result = await asyncio.to_thread(run_sync, case, client.calls)
    except Exception as error:  # noqa: BLE001 - any exception is an outcome to be compared
        result = failed(error)
    finally:
        await closed(client)
    return result, client.heads


async def closed(client: Client) -> None:
    """Close a client of either kind."""
    closing = client.close()
    if closing is not None:
        await closing


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come true."""
    async with asyncio.timeout(PATIENT_S):
        while not condition():
            await asyncio.sleep(0.01)


def attempted(case: Case, stand_in: StandIn, way: str) -> None:
    """As many requests as the SDK is to make, each one so much later than the one before."""
    at_s = [arrival.at_s for arrival in stand_in.arrivals[way]]
    assert len(at_s) == case.attempts, (case.name, way, at_s)
    waits = [later - earlier for earlier, later in pairwise(at_s)]
    assert all(wait_s >= case.wait_s for wait_s in waits), (way, waits)

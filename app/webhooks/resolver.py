"""Names of endpoints, resolved at every connect, and the addresses checked before they are used.

aiohttp connects to the very addresses that come from here, so a name that answers something else
the next time (DNS rebinding) is checked again then. One bad address among several refuses them all.
Lookups have threads of their own and one lookup of a name serves everybody who waits for it: a name
server that hangs takes one thread for each of its names, and no endpoint of another name waits.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from app.tasks import spawn
from app.webhooks.addresses import AddressPolicy

Found = Sequence[tuple[Any, ...]]
Lookup = Callable[[str, int, socket.AddressFamily], Awaitable[Found]]
THREADS = 32
TIMEOUT_S = 5.0


class AddressRefused(OSError):
    """A name that leads where no webhook may go. An OSError, as aiohttp expects of a resolver."""


class CheckedResolver(AbstractResolver):
    """A resolver for aiohttp that gives checked addresses alone."""

    def __init__(
        self,
        policy: AddressPolicy,
        lookup: Lookup | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`lookup` takes the place of the system's getaddrinfo."""
        self._policy = policy
        self._threads: ThreadPoolExecutor | None = None
        self._lookup = lookup or self._ask_system
        self._timeout_s = timeout_s
        self._under_way: dict[tuple[str, int, int], asyncio.Task[Found | OSError]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises: OSError, AddressRefused among them."""
        found = await self._shared_lookup(host, port, family)
        results = [_result(host, port, *each) for each in found]
        if not results:
            raise OSError(f"{host} has no address")
        for each in results:
            if (complaint := self._policy.complaint(each["host"])) is not None:
                raise AddressRefused(f"{host} leads to an address that is refused: {complaint}")
        return results

    async def close(self) -> None:
        """Let go of the threads; a lookup that hangs keeps its own until it ends."""
        for task in self._under_way.values():
            task.cancel()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    async def _shared_lookup(self, host: str, port: int, family: int) -> Found:
        key = (host, port, family)
        task = self._under_way.get(key)
        if task is None:
            asked = self._lookup(host, port, socket.AddressFamily(family))
            task = spawn(_outcome(asked), name="webhook-dns")
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key))
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await asyncio.shield(task)
        except TimeoutError as exc:
            raise OSError(f"{host}: no answer of the name server") from exc
        if isinstance(outcome, OSError):
            raise OSError(f"{host} cannot be resolved: {outcome}") from outcome
        return outcome

    def _ended(self, key: tuple[str, int, int]) -> None:
        self._under_way.pop(key, None)

    async def _ask_system(self, host: str, port: int, family: socket.AddressFamily) -> Found:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook-dns")
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
        )


async def _outcome(asked: Awaitable[Found]) -> Found | OSError:
    """The answer or the failure, so that one that nobody waits for any more disturbs nobody."""
    try:
        return await asked
    except OSError as error:
        return error
    except UnicodeError as error:
        return OSError(str(error))


def _result(
    host: str, port: int, family: int, kind: int, proto: int, name: str, address: Any
) -> ResolveResult:
    del kind, name
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=host, host=str(address[0]), port=port, family=family, proto=proto, flags=flags
    )

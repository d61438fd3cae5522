import asyncio

import pytest

from app.engine.hooks import Hooks


async def test_hooks_are_called_in_order_with_the_partitions() -> None:
    hooks, log = Hooks(), []
    hooks.assigned.append(lambda partitions: log.append(("first", partitions)))

    async def second(partitions: set[int]) -> None:
        log.append(("second", partitions))

    hooks.assigned.append(second)
    hooks.revoked.append(lambda partitions: log.append(("revoked", partitions)))
    assert await hooks.assign({1, 2}) is True
    await hooks.revoke()
    assert log == [("first", {1, 2}), ("second", {1, 2}), ("revoked", {1, 2})]


async def test_a_revoke_of_nothing_calls_nobody() -> None:
    hooks, log = Hooks(), []
    hooks.revoked.append(log.append)
    await hooks.revoke()
    await hooks.assign(set())
    await hooks.revoke()
    assert log == []


async def test_an_assignment_takes_back_the_one_before() -> None:
    hooks, log = Hooks(), []
    hooks.assigned.append(lambda partitions: log.append(("assigned", partitions)))
    hooks.revoked.append(lambda partitions: log.append(("revoked", partitions)))
    await hooks.assign({1})
    await hooks.assign({2})
    assert log == [("assigned", {1}), ("revoked", {1}), ("assigned", {2})]


async def test_a_revoke_cuts_a_long_hook_short() -> None:
    hooks, log = Hooks(), []
    begun = asyncio.Event()

    async def long(partitions: set[int]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cut")

    hooks.assigned.append(long)
    hooks.revoked.append(lambda partitions: log.append(partitions))
    assigning = asyncio.ensure_future(hooks.assign({1}))
    await begun.wait()
    await hooks.revoke()
    assert await assigning is False
    assert log == ["cut", {1}]


async def test_what_a_hook_raises_comes_out() -> None:
    hooks = Hooks()

    def broken(partitions: set[int]) -> None:
        raise ValueError("index")

    hooks.assigned.append(broken)
    with pytest.raises(ValueError, match="index"):
        await hooks.assign({1})

"""Names are resolved and checked at every connect."""

import asyncio
import socket
from typing import Any

import pytest

from app.webhooks.addresses import AddressPolicy
from app.webhooks.resolver import AddressRefused, CheckedResolver, Found


class Names:
    """A name server: the answers of a name, one after the other."""

    def __init__(self, *answers: list[str] | OSError | UnicodeError) -> None:
        self.answers, self.asked = list(answers), 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, host: str, port: int, family: socket.AddressFamily) -> Found:
        self.asked += 1
        await self.may_answer.wait()
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        made: list[tuple[Any, ...]] = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in answer
        ]
        return made


def resolver(names: Names, timeout_s: float = 5.0) -> CheckedResolver:
    return CheckedResolver(AddressPolicy(), names, timeout_s=timeout_s)


async def test_checked_addresses_alone_are_given() -> None:
    found = await resolver(Names(["1.1.1.1", "8.8.8.8"])).resolve("hooks.example", 443)
    assert [each["host"] for each in found] == ["1.1.1.1", "8.8.8.8"]
    assert all(each["flags"] & socket.AI_NUMERICHOST for each in found)


async def test_one_bad_address_refuses_them_all() -> None:
    with pytest.raises(AddressRefused, match="private"):
        await resolver(Names(["1.1.1.1", "10.0.0.1"])).resolve("hooks.example")


async def test_a_name_that_answers_something_else_the_next_time_is_checked_again() -> None:
    rebinding = resolver(Names(["1.1.1.1"], ["127.0.0.1"]))
    assert await rebinding.resolve("rebinds.example")
    with pytest.raises(AddressRefused, match="loopback"):
        await rebinding.resolve("rebinds.example")


@pytest.mark.parametrize(
    "answer", [OSError("no such name"), UnicodeError("label too long"), list[str]()]
)
async def test_no_answer_is_an_oserror(answer: Any) -> None:
    with pytest.raises(OSError, match=r"nowhere\.example"):
        await resolver(Names(answer)).resolve("nowhere.example")


async def test_a_name_server_that_hangs_holds_up_its_own_names_alone() -> None:
    hanging = Names(["1.1.1.1"])
    hanging.may_answer.clear()
    asked = resolver(hanging, timeout_s=0.05)
    with pytest.raises(OSError, match="no answer"):
        await asked.resolve("slow.example")
    assert await resolver(Names(["1.1.1.1"])).resolve("quick.example")
    await asked.close()


async def test_many_who_ask_at_once_share_one_lookup() -> None:
    names = Names(["1.1.1.1"])
    names.may_answer.clear()
    shared = resolver(names)
    waiting = [asyncio.ensure_future(shared.resolve("hooks.example", 443)) for _ in range(5)]
    await asyncio.sleep(0.01)
    names.may_answer.set()
    assert len([await each for each in waiting]) == 5
    assert names.asked == 1


async def test_the_systems_own_lookup() -> None:
    asked = CheckedResolver(AddressPolicy(allow_private=True))
    found = await asked.resolve("localhost", 80, socket.AF_INET)
    assert found[0]["host"] == "127.0.0.1"
    await asked.close()
    await asked.close()

"""The twin passes the suite."""

import asyncio
from collections.abc import Hashable
from typing import Any

import pytest

from app.sinks.memory import MemorySink
from tests.contract.sinks.conformance import Case, Conformance, Kept

Pair = tuple[str, bytes]


class MemoryCase(Case[Pair]):
    """Pairs of an identity and a content."""

    def __init__(self) -> None:
        self.backend: MemorySink[Pair] = MemorySink(key_of=lambda pair: pair[0])
        self.sink = self.backend

    def item(self, number: int) -> Pair:
        return f"item-{number}", b"%d" % number

    async def kept(self) -> Kept:
        return dict(self.backend.kept.values())

    def content(self, number: int) -> tuple[Hashable, Any]:
        return self.item(number)

    def poison(self) -> Pair:
        self.backend.poison.add("poison")
        return "poison", b""

    async def refuse(self, *, is_down: bool) -> None:
        self.backend.is_down = is_down

    async def throttle(self, after_s: float | None) -> None:
        self.backend.throttled_s = after_s

    async def slow(self) -> asyncio.Event:
        self.backend.slow = asyncio.Event()
        return self.backend.slow


class TestMemory(Conformance):
    """In a dict."""

    @pytest.fixture
    async def case(self) -> MemoryCase:
        return MemoryCase()

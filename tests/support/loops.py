"""Event loops for tests that run on both: uvloop reads, pauses and closes in its own way."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop

Loops = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]
ASYNCIO: Loops = {"asyncio": asyncio.new_event_loop}
BOTH: Loops = {**ASYNCIO, "uvloop": uvloop.new_event_loop}

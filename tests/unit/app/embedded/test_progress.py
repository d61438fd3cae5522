import asyncio

from app.embedded.progress import progress


async def test_a_long_step_is_announced_until_it_ends() -> None:
    said: list[str] = []
    twice = asyncio.Event()

    def announce(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            twice.set()

    async with progress(announce, "waiting", interval_s=0.01):
        await twice.wait()
    count = len(said)
    await asyncio.sleep(0.05)
    assert len(said) == count >= 2
    assert said[0].startswith("waiting … ")


async def test_a_short_step_says_nothing() -> None:
    said: list[str] = []
    async with progress(said.append, "waiting", interval_s=60):
        await asyncio.sleep(0)
    assert said == []

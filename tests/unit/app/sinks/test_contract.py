from app.sinks.contract import Done, Fatal, RetryAfter, Sink
from app.sinks.memory import MemorySink


def test_verdicts_compare_by_what_they_say() -> None:
    assert Done() == Done()
    assert RetryAfter("down") == RetryAfter("down", None)
    assert Fatal("refused", "row 3") != Fatal("refused", "row 4")


async def test_the_twin_is_a_sink() -> None:
    sink: Sink[str] = MemorySink(key_of=str)
    assert await sink.write(["a"]) == [Done()]

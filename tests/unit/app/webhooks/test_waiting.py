"""Which messages of the retry topics are due."""

from app.webhooks.waiting import Waiting


class Message:
    def __init__(self, offset: int, due_s: float) -> None:
        self.offset, self.due_s = offset, due_s


def waiting() -> "Waiting[str]":
    return Waiting(due_s=lambda message: message.due_s)


def test_what_is_due_goes_and_the_rest_is_read_again_from_there() -> None:
    queue = waiting()
    messages = [Message(5, 1), Message(6, 2), Message(7, 9), Message(8, 3)]
    portion = queue.portion("p0", messages, 2.5)
    assert [each.offset for each in portion.due] == [5, 6]
    assert (portion.again_offset, portion.again_at_s) == (7, 9)
    assert queue.ready(8.9) == []
    assert queue.ready(9) == ["p0"]
    assert queue.ready(10) == []


def test_all_due_and_nothing_waits() -> None:
    queue = waiting()
    portion = queue.portion("p0", [Message(1, 1)], 1)
    assert (len(portion.due), portion.again_offset, portion.again_at_s) == (1, None, None)
    assert queue.sleep_s(1, 5) == 5


def test_one_partition_waits_for_itself_alone() -> None:
    queue = waiting()
    queue.portion("p0", [Message(1, 100)], 0)
    queue.portion("p1", [Message(1, 3)], 0)
    assert queue.sleep_s(1, 5) == 2
    assert queue.sleep_s(50, 5) == 0
    assert queue.ready(50) == ["p1"]


def test_a_partition_that_moved_away_is_forgotten() -> None:
    queue = waiting()
    queue.portion("p0", [Message(1, 100)], 0)
    queue.forget(["p0", "p9"])
    assert queue.ready(1000) == []

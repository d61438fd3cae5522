"""Whatever happens in whatever order, each exchange counts once.

Random histories of records, duplicates, poison, crashes that keep any subset of what was written
since the last commit (in the changelogs, and another on the local disk), replays from the last
commit or the start, and topics made anew. At last the disk is lost too: then the changelogs hold
the totals of the distinct records, each has facts of one position, every poison message a letter.
"""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from app.record.keys import seen_key
from tables.aggregate import Aggregate
from tables.tally import Row, plus, tally, zero
from tests.support.metering import Rig, numbered, price

subsets = st.sets(st.integers(0, 30), max_size=30)
send = st.tuples(st.just("send"), st.integers(0, 11))
handle = st.tuples(st.just("handle"), st.integers(1, 5))
crash = st.tuples(st.just("crash"), st.tuples(subsets, subsets, subsets, subsets, subsets))
plain = st.sampled_from([("commit", 0), ("poison", 0), ("rewind", 0), ("renew", 0)])
histories = st.lists(st.one_of(send, send, send, handle, handle, crash, plain), max_size=60)


class History:
    """Carries out one history and remembers what the outcome has to be."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.sent: set[int] = set()
        self.poisoned: set[tuple[str, int]] = set()
        self.epochs = 1

    def play(self, steps: list[tuple[str, object]]) -> None:
        for name, argument in steps:
            getattr(self, name)(argument)
        self.rig.drain()
        self.rig.crash()

    def send(self, number: int) -> None:
        self.rig.send(numbered(number))
        self.sent.add(number)

    def poison(self, _: object) -> None:
        message = self.rig.send_raw(b"default|user-1", b"no record")
        self.poisoned.add((message.position.epoch, message.position.offset))

    def handle(self, count: int) -> None:
        for _ in range(count):
            self.rig.handle_next()

    def commit(self, _: object) -> None:
        self.rig.commit()

    def crash(self, survivors: tuple[set[int], set[int], set[int], set[int], set[int]]) -> None:
        users, seen, emitted, users_on_disk, seen_on_disk = survivors
        self.rig.crash(users, seen, emitted, users_on_disk=users_on_disk, seen_on_disk=seen_on_disk)

    def rewind(self, _: object) -> None:
        self.rig.rewind()

    def renew(self, _: object) -> None:
        self.epochs += 1
        self.rig.renew_topic(f"e{self.epochs}")

    def expected(self) -> dict[str, Row]:
        totals: defaultdict[str, Row] = defaultdict(zero)
        for number in self.sent:
            made = numbered(number)
            totals[made.user] = plus(totals[made.user], tally(made, price(made)))
        return dict(totals)


def check_parts(known: Aggregate) -> None:
    """Whatever is kept by model, hour, day or outcome adds up to the totals."""
    by_model = zero()
    for row in (*known.models.named.values(), known.models.other):
        by_model = plus(by_model, row)
    assert by_model == known.totals
    assert sum(known.outcomes.values()) == sum(known.latency.counts) == known.totals[0]
    for series in (known.hours, known.days):
        assert sum(row[1] for row in series) == known.totals[0]


@settings(max_examples=400, deadline=None)
@given(histories)
def test_each_exchange_counts_once(steps: list[tuple[str, object]]) -> None:
    history = History()
    history.play(steps)
    rig = history.rig
    users = {key.decode().partition("|")[2] for key, _ in rig.users.items()}
    assert {user: rig.aggregate(user).totals for user in users} == history.expected()
    for user in users:
        check_parts(rig.aggregate(user))
    positions = defaultdict(set)
    for fact in rig.facts():
        positions[fact.record.request_id].add((fact.epoch, fact.partition, fact.offset))
    assert set(positions) == {numbered(number).request_id for number in history.sent}
    letters = {(letter.origin.epoch, letter.origin.offset) for letter in rig.letters()}
    assert letters == history.poisoned
    for number in history.sent:
        assert rig.seen.get(seen_key("default", numbered(number).request_id)) is not None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 11), max_size=40))
def test_a_replay_from_the_start_puts_the_very_same_values(numbers: list[int]) -> None:
    history = History()
    history.play([("send", number) for number in numbers])
    before = dict(history.rig.users.items()), dict(history.rig.seen.items())
    history.play([("rewind", 0)])
    assert (dict(history.rig.users.items()), dict(history.rig.seen.items())) == before


@settings(max_examples=200, deadline=None)
@given(histories)
def test_the_facts_of_one_exchange_name_one_position(steps: list[tuple[str, object]]) -> None:
    history = History()
    history.play([step for step in steps if step[0] != "renew"])
    offsets: dict[str, int] = {}
    for fact in history.rig.facts():
        assert offsets.setdefault(fact.record.request_id, fact.offset) == fact.offset

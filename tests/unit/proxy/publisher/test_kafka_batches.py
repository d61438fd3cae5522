"""Messages in batches: each where its key belongs, in order, none forgotten."""

from aiokafka.producer.message_accumulator import BatchBuilder

from app.partitioning import partition_of
from proxy.publisher.kafka_batches import Gathering, is_too_large
from proxy.publisher.outgoing import Outgoing

BATCH_BYTES = 1000
BODIES = "t.bodies"
PARTITIONS = {"a": [0, 1, 2], "b": [0], BODIES: [4, 5, 6]}


def gathering() -> Gathering:
    """Bodies begin with the second partition."""
    return Gathering(PARTITIONS, lambda: BatchBuilder(BATCH_BYTES, 0), lambda _: 1)


def message(number: int, topic: str = "a", size_bytes: int = 10) -> Outgoing:
    return Outgoing(topic, b"key %d" % number, b"x" * size_bytes)


def test_each_key_goes_to_its_partition_in_order() -> None:
    """One batch for each partition that has messages."""
    messages = [message(number) for number in range(30)]
    gathered = gathering()
    for index, each in enumerate(messages):
        gathered.add(index, each)
    made = gathered.closed()
    assert {batch.partition for batch in made} == {0, 1, 2}
    assert len(made) == 3
    for batch in made:
        belonging = [
            i for i, each in enumerate(messages) if partition_of(each.key, 3) == batch.partition
        ]
        assert batch.indexes == belonging


def test_bodies_of_a_delivery_go_to_one_partition_whatever_their_keys() -> None:
    """Beside the records of the same delivery, which go where their keys belong."""
    gathered = gathering()
    for index in range(10):
        gathered.add(index, message(index, BODIES))
        gathered.add(100 + index, message(index))
    made = [batch for batch in gathered.closed() if batch.topic == BODIES]
    assert [(batch.partition, batch.indexes) for batch in made] == [(5, list(range(10)))]


def test_each_delivery_chooses_among_all_partitions_of_bodies() -> None:
    """None is left out."""
    chosen = set()
    for _ in range(200):
        gathered = Gathering(PARTITIONS, lambda: BatchBuilder(BATCH_BYTES, 0))
        gathered.add(0, message(0, BODIES))
        chosen |= {batch.partition for batch in gathered.closed()}
    assert chosen == set(PARTITIONS[BODIES])


def test_many_bytes_of_bodies_are_spread_over_partitions() -> None:
    """Batch by batch; only when all have one does a partition get a second, behind its first."""
    gathered = gathering()
    for index in range(5):
        gathered.add(index, message(index, BODIES, 600))
    assert [(each.partition, each.nth, each.indexes) for each in gathered.closed()] == [
        (5, 0, [0]),
        (6, 0, [1]),
        (4, 0, [2]),
        (5, 1, [3]),
        (6, 1, [4]),
    ]


def test_topics_do_not_share_a_batch() -> None:
    """Though the partition has the same number."""
    gathered = gathering()
    gathered.add(0, message(1, "a"))
    gathered.add(1, message(1, "b"))
    assert [(batch.topic, batch.indexes) for batch in gathered.closed()] == [("a", [0]), ("b", [1])]


def test_what_does_not_fit_begins_another_batch_behind_all_first_ones() -> None:
    """A message larger than a batch has one of its own."""
    gathered = gathering()
    for index, each in enumerate(
        [message(0, "b", 600), message(1, "b", 600), message(2, "b", 5000), message(1, "a")]
    ):
        gathered.add(index, each)
    assert [(each.nth, each.indexes) for each in gathered.closed()] == [
        (0, [0]),
        (0, [3]),
        (1, [1]),
        (2, [2]),
    ]


def test_a_closed_batch_takes_no_more() -> None:
    """So that the producer sends it at once."""
    gathered = gathering()
    gathered.add(0, message(0))
    (batch,) = gathered.closed()
    assert batch.builder.append(timestamp=None, key=b"k", value=b"v") is None


def test_only_what_fits_into_a_request_can_be_sent() -> None:
    """Head and key included."""
    assert not is_too_large(message(1, size_bytes=800), 1000)
    assert is_too_large(message(1, size_bytes=990), 1000)

"""Keys go where Kafka's own clients put them."""

from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from app.partitioning import murmur2, partition_of


@given(st.binary(max_size=70))
def test_the_hash_is_kafkas(data: bytes) -> None:
    """Whatever the length, also where it is not of whole words."""
    assert murmur2(data) == reference(data)


@given(st.binary(max_size=70), st.integers(1, 200))
def test_a_key_goes_where_other_clients_put_it(key: bytes, partitions: int) -> None:
    """The default partitioner's rule, and the same answer when it is asked again."""
    expected = (reference(key) & 0x7FFFFFFF) % partitions
    assert partition_of(key, partitions) == expected
    assert partition_of(key, partitions) == expected

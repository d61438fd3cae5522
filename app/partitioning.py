"""Which partition a key belongs to: Kafka's own rule, murmur2 of the key.

The Java client's `Utils.murmur2` and `BuiltInPartitioner.partitionForKey`; whole words at a time,
because a key that is an id is met but once.
"""

import struct
from functools import lru_cache
from typing import Final

SEED, M, MASK = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF
REMEMBERED_KEYS: Final = 8192


# A user's key comes again and again.
@lru_cache(REMEMBERED_KEYS)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, one of so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """MurmurHash2 of 32 bits, as Kafka seeds it."""
    size = len(data)
    whole = size & ~3
    h = SEED ^ size
    for k in struct.unpack_from(f"<{whole >> 2}I", data):
        k = k * M & MASK
        h = h * M & MASK ^ (k ^ k >> 24) * M & MASK
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * M & MASK
    h = (h ^ h >> 13) * M & MASK
    return h ^ h >> 15

"""The archive of bodies in an object store: many exchanges an object, read back one by one.

    segment.py      the format of an object: members, index, footer; no I/O
    object_key.py   what objects are called
    batch.py        a batch of messages as objects, one for each tenant and day
    sink.py         the sink that puts them
    store.py        what is asked of an object store
    memory.py       the store in a dict, for tests
    s3.py           the store in an S3 bucket
    s3_errors.py    what S3 says, as our errors
    location_row.py where each exchange's bodies lie, as a row of the analytics engine
    direct.py       large bodies on their way into objects of their own while they pass
    writing.py      one such object: a PUT, or parts
    locations.py    the same, asked of it
    reading.py      the bodies of one exchange, by one ranged read

The agents on top are `agents/archive.py` (topic `bodies`) and `agents/index.py` (`archived`).
"""

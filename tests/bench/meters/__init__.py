"""The meter's job in other frameworks, each a process of its own that prints what it took.

job.py     one record as every candidate handles it: decode, look up, step, encode
plain.py   aiokafka alone, decoding and nothing else: the ceiling
stock.py   stock Faust: an agent, two RocksDB tables, a topic
quix.py    Quix Streams: one stateful step on RocksDB, a topic; in an environment of its own
timing.py  from the first record to the last one durable: seconds, CPU seconds
"""

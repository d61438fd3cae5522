"""The local spill: messages on our own disk until they are durable elsewhere.

    format.py    the bytes of a segment: headers, frames, damaged ones too (sans-I/O)
    disk.py      the file system as a small Protocol; which state an error is
    lock.py      who owns a directory
    segment.py   one segment: what is known of it, and the file while it is written
    segments.py  all segments of a directory, and what became of those that left
    options.py   limits and the fsync policy
    writing.py   appends, and the order in which room is made
    reading.py   batches of the oldest messages, and the end of replayed segments
    recovery.py  what earlier processes left, torn tails cut
    store.py     all of it for one process, blocking, in slices
    spill.py     `Spill`, as the publisher sees it: asynchronous, over one thread
    inspection.py  what lies in the directories, read-only, for operators

A segment is deleted once all of it was acknowledged elsewhere. A crash before that replays it from
its start: duplicates are removed downstream, and nothing is missing.
"""

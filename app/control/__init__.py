"""What every process must know, in one compacted partition: the topic `control`.

    contract.py   `Control`: get, items, put, on_change
    entries.py    kinds, keys and versioned JSON values <-> the bytes of a message
    state.py      what was read so far, and what a change means for those who listen (sans-I/O)
    contents.py   a topic as its messages tell it, and what it lost when it was made anew (sans-I/O)
    snapshot.py   the state on disk, to boot from while no broker answers
    topic.py      the plain consumer and producer, kept up to date in the background
    memory.py     the twin without a broker

The topic is the truth. It is read whole at each start, with a consumer of no group, so that every
process has all of it; the snapshot serves until then. What this build does not understand, a newer
kind or version, is kept and handed on, never dropped.

Writers do not coordinate: of two puts under one key the later one stays, whole.
"""

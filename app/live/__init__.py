"""The live tail: finished exchanges as they are counted, for whoever looks on.

    item.py     one exchange as a tail shows it, rendered once for all
    filters.py  which exchanges a tail wants (sans-I/O)
    selection.py  what one filter wants of the ring, for all tails that have it (sans-I/O)
    allowance.py  how many of them are shown where many go by (sans-I/O)
    feed.py     the ring that all tails of a worker read from, each at its own place (sans-I/O)
    events.py   server-sent events: writing and cutting them (sans-I/O)
    lines.py    a tail as lines of a terminal (sans-I/O)
    tail.py     one client's stream: wakes, heartbeats, what it missed

Counting an exchange costs one append; nobody who looks on can slow it. A client that reads slowly,
or a tail that would show more than a person can read, is told that it missed some: how many of its
own it was, or nothing of the number where that is not known. Other tenants' are never counted.
"""

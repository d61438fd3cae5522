"""Several workers that answer as one.

    placement.py   which worker holds which partition of the tables (Protocol, and a twin in memory)
    trust.py       the internal token: how processes of one deployment know each other
    session.py     an HTTP session that is opened when it is first needed
    peers.py       asking another worker: one hop, GET only, bounded in time and size
    own_place.py   a worker's directory and address are its own
    tails.py       the live tails of the other workers, for one client
    forwarding.py  a process without tables passes queries on to a worker

A worker answers for its own partitions alone and refuses the others, so a map that is out of date
leads to a 503 and never to a wrong answer.
"""

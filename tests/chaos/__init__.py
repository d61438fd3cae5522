"""Fault injection on real processes and Apache Kafka, with a ledger of what was sent.

row.py        one scenario's outcome, its bound, the table
load.py       calls at a fixed rate through a proxy, and what was answered
world.py      broker and processes of a scenario, and what they made of the load
brokers.py    the broker killed, away, away at boot
workers.py    workers killed, stopped, slow, joining
proxies.py    proxies killed, without fallback, on a full disk, with a torn spill; SIGTERM
sinks.py      object store, analytics engine and webhook endpoints away; all of it read twice
messages.py   poison, replays, duplicates, clocks that jump

python -m tests.chaos                   every scenario at length: build/chaos/chaos.json
python -m tests.chaos --short --only broker_killed
"""

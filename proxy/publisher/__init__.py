"""From the relay to the broker, with nobody waiting.

    queue.py         what waits: bounded by records and bytes, every drop counted (sans-I/O)
    encoding.py      an exchange as messages: its bodies and its record
    outlet.py        the Protocol of one way out, and its in-memory twin
    kafka_outlet.py  the broker as a way out
    publisher.py     the one task that empties the queue through an outlet

`Publisher.offer` is all the relay sees: it never blocks and never raises. What is offered is
delivered, or still here, or dropped and counted by reason; nothing else can become of it. A message
may be delivered twice (its ack was lost), never out of neglect zero times.
"""

"""From the relay to the broker, with nobody waiting.

    entry.py         one exchange on its way out, first as objects, then as messages
    queue.py         what waits: bounded by records and bytes, every drop counted (sans-I/O)
    encoding.py      an exchange as messages; a record that is told that its body is lost
    encoder.py       the task that turns objects into messages, off the relay's path
    observation.py   what a record adds to the metrics of calls
    outlet.py        the Protocol of one way out
    memory.py        its in-memory twin
    kafka_outlet.py  the broker as a way out
    sender.py        the task that empties the queue through an outlet
    spill/           messages kept on disk
    publisher.py     both tasks and their life; all that the relay sees

`Publisher.offer` never blocks and never raises. What is offered is delivered, or still here, or
dropped and counted by reason; nothing else can become of it. A message may be delivered twice (its
ack was lost), never out of neglect zero times.

An outlet is one way out and makes no choices. Further ways (a backend to fall back to, a spill on
disk) are further outlets, and the choice between them is one more `Outlet` around them.
"""

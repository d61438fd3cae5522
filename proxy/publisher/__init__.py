"""From the relay to the broker, with nobody waiting.

    entry.py         one exchange on its way out, first as objects, then as messages
    queue.py         what waits: bounded by records and bytes, every drop counted (sans-I/O)
    encoding.py      an exchange as messages; a record that is told that its body is lost
    encoder.py       turns objects into messages: small ones at once, others in a task
    observation.py   what a record adds to the metrics of calls
    outgoing.py      one message
    outlet.py        the Protocol of one way out
    memory.py        its in-memory twin
    kafka_outlet.py  the broker as a way out
    kafka_batches.py messages gathered into batches, one for each partition
    broker.py        the broker behind a circuit, tried aside while it fails
    fallback_outlet.py  another Tailrace as a way out
    resting.py       a way out that is left alone for a while once it failed
    patience.py      bounded waiting that can be cut short
    spill/           messages kept on disk;  spill_store.py  the Protocol of it, a twin in memory
    replay.py        the spill brought to the broker, at a bounded rate
    failover.py      the choice between these ways, and its state
    sender.py        the task that empties the queue through an outlet
    publisher.py     both tasks and their life; all that the relay sees

`Publisher.offer` never blocks and never raises. What is offered is delivered, or still here, or
dropped and counted by reason; nothing else can become of it. A message may be delivered twice (its
ack was lost), never out of neglect zero times.

A plain outlet is one way out and makes no choices; `FailoverOutlet` is one around several.
"""

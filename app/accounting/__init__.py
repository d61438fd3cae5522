"""Does it add up? What was proxied against what became of it, per tenant and minute.

    counts.py     what a producer says of a tenant's minute: the message on the topic `counts`
    fates.py      what became of each record that was seen (sans-I/O)
    identity.py   both sides held against each other, gaps named (sans-I/O)
    losses.py     what of the missing a loss of the spill explains (sans-I/O)
    retention.py  how far back all of it is kept (sans-I/O)
    progress.py   how far the meter has committed
    reading.py    the topics read for it

    proxied = metered + sampled out + dead-lettered + dropped (by reason) + in flight

What the meter saw is read from what it wrote: a fact carries the producer, the sequence and the
time of its record.
"""

"""Does it add up? What was proxied against what became of it, per tenant and minute.

    counts.py     what a producer says of a tenant's minute: the message on the topic `counts`
    identity.py   both sides held against each other, gaps named (sans-I/O)
    reading.py    the topics read for it

    proxied = metered + sampled out + dead-lettered + dropped (by reason) + in flight

What the meter saw is read from what it wrote: a fact carries the producer, the sequence and the
time of its record.
"""

"""What a producer did with each record, counted where a SIGKILL cannot take it away.

    layout.py    the file: a header, then a slot per tenant and minute (sans-I/O)
    book.py      the counters over the file, as the publisher's queue moves them
    reporting.py the task that tells the topic `counts`, and reports for the dead

The file is mapped into memory: counting is a store, no system call, and what was stored is the
kernel's when the process dies. The next process on the host finds the file of a dead one and
reports its last minutes: what was proxied and neither made durable nor dropped was lost with it.
"""

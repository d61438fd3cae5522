"""Several relaying processes on one port of one host: `tailrace worker --processes N`.

    share.py       what a parent opens and its children inherit: the port, a way to each, a lifeline
    supervisor.py  the parent: starts the children, replaces the dead, passes signals on
    figures.py     the metrics of several processes as one text, each with its label (sans-I/O)
    siblings.py    asking the other children for theirs

The listening socket is the parent's and is inherited, rather than one for each child by
SO_REUSEPORT: connections that wait to be accepted then survive the child that dies, a child that
hangs takes no share of the new ones, and a port that is taken is refused once, at the start.
Everything on the disk has parts by process already: the spill by a number that is locked, accounts
by the producer id, the snapshot of `control` by the instance's name.
"""

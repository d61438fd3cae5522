"""The shared core and the composition root.

    engine/      the hardened Faust: alone touches private names of faust, mode and aiokafka
    record/      what travels through the topics, and its codec
    pricing/     tokens to integer nano-USD
    embedded/    broker, object store and analytics engine as supervised children
    views/       HTTP answers shared by all routes: errors, health, metrics
    reference/   the generated pages of config/reference/, rendered from the code
    composition/ builds the process of a role from its parts
    cli/         the `tailrace` command, one file per subcommand
    main.py      builds the Faust application: `faust -A app.main worker`
    front.py     a way past the router for relayed calls;  front_connection.py  and past the task
    listening.py     sockets that listen, with room for a burst of clients
    partitioning.py  keys to partitions
    logs.py      log lines;  redaction.py  credentials taken out of URLs, texts and log lines
    metrics.py   every metric in one typed list;  tally.py  counting on the hot path
    clock.py, ids.py, tasks.py, errors.py   time, identifiers, tasks and the error tree

`main.py`, `cli/` and `composition/` alone may import everything; nothing else imports them.
"""

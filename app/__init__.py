"""The shared core and the composition root.

    engine/      the hardened Faust: the only code that touches private names of faust, mode, aiokafka
    record/      what travels through the topics, and its codec
    pricing/     tokens to integer nano-USD
    embedded/    broker, object store and analytics engine as supervised children
    views/       HTTP answers shared by all routes: errors, health, metrics
    cli/         the `tailrace` command, one file per subcommand
    main.py      builds the Faust application: `faust -A app.main worker`
    metrics.py   every metric in one typed list
    clock.py, ids.py, tasks.py, errors.py   time, identifiers, tasks and the error tree

`main.py` and `cli/` alone may import everything; nothing imports them.
"""

"""Putting the parts together; like `app.main` and `app.cli` it may import everything.

    epoch.py       which life of the topics this is
    streams.py     builds one incarnation of the stream side: topics, tables, agents
    relaying.py    relay and publisher, as one part of the process
    ways.py        the ways out of a process, and `/api/v1/log`
    feature.py     what a feature of the process brings: topics, agents, routes, readiness
    features.py    the features of a role
    topics.py      every topic of a deployment, made and checked
    querying.py    the live tables over HTTP, whichever worker holds them
    tailing.py     the live tail
    burying.py     dead letters in readiness
    archiving.py   the archive of bodies: store, agents, the route that reads back
    direct.py      large bodies from the relay straight into the store
    engine.py      the analytics engine that features share
    analysis.py    analytics: the engine, the agent that fills it, the routes that ask it
    web.py         all routes of the process, in one place
    sharing.py     several processes in role `proxy` on one port
    host.py        the Faust application that `faust -A app.main worker` runs

Nothing imports this package except `app.main`, `app.cli` and tests.
"""

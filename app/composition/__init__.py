"""Putting the parts together; like `app.main` and `app.cli` it may import everything.

    epoch.py       which life of the topics this is
    streams.py     builds one incarnation of the stream side: topics, tables, agents
    publishing.py  the publisher as a process needs it
    web.py         all routes of the process, in one place
    host.py        the Faust application that `faust -A app.main worker` runs

Nothing imports this package except `app.main`, `app.cli` and tests.
"""

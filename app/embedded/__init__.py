"""The services that `tailrace up` starts for those who have none: broker, S3, analytics.

    leash.py             runs a command that does not outlive us, whatever ends us
    children.py          one child process: start, wait until it serves, stop
    supervision.py       a child that ends is started again, with growing waits
    ports.py             the preferred port, or a free one where it is taken
    data_dir.py          who owns the data directory, and where things lie in it
    broker.py            Tansu: the Kafka protocol, topics in memory
    object_store.py      SeaweedFS: S3, durable
    analytics.py         ClickHouse's engine in a child of its own, durable
    analytics_child.py   that child: the HTTP interface of a ClickHouse server
    analytics_engine.py  one statement of that interface on the engine
    stack.py             those that the settings leave unset, started and stopped together
    running.py           the stack, the worker, and what happens when one of them ends
    first_screen.py      what the user reads when all is ready

Data flow: `running` asks `stack` for settings, and hands them to the worker as variables.
"""

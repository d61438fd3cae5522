"""Where effects go that leave Kafka: object store, analytics, webhooks.

    contract.py   what every sink is: one verdict for each item, nothing raised
    memory.py     the twin for tests: a backend in a dict that can be made to misbehave
    archive/      bodies in an object store: the sink, the format, the way back
    watch.py      what is told of a sink: readiness, metrics

Every sink passes the suite in `tests/contract/sinks/conformance.py`. Agents drive sinks by
`agents/sink_agent.py`.
"""

"""The reference of the topics, from their specifications."""

from inspect import getdoc

from app.record.topics import Topics, TopicSpec
from app.reference.markdown import code, page, table

INTRO = """
The prefix is `TAILRACE_KAFKA__TOPIC_PREFIX`. Topics that are missing are made at the start with the
configuration below, `TAILRACE_KAFKA__PARTITIONS` partitions and
`TAILRACE_KAFKA__REPLICATION_FACTOR` replicas; those that exist are left as they are. Each table
keeps a changelog besides: a compacted topic with as many partitions as the topic its agent reads.
"""
HEADINGS = ("topic", "carries", "partitions", "configuration")


def meaning(topics: Topics, spec: TopicSpec) -> str:
    """What the topic carries: the docstring of the property that names it."""
    for name, member in vars(Topics).items():
        named = getattr(topics, name) if isinstance(member, property) else ()
        if spec.name == named or (isinstance(named, tuple) and spec.name in named):
            return getdoc(member) or ""
    return ""


def render_topics(topics: Topics) -> str:
    """The whole page."""
    rows = [
        (
            code(spec.name),
            meaning(topics, spec),
            "as configured" if spec.partitions is None else str(spec.partitions),
            ", ".join(code(f"{name}={value}") for name, value in sorted(spec.configs.items())),
        )
        for spec in topics.specs()
    ]
    return page("Topics", INTRO, table(HEADINGS, rows))

"""Static membership (KIP-345): who a worker is to the consumer group, across its restarts.

The broker hands a member that comes back the assignment that it had, without a look at what the
member reads now or where it listens. So its id contains both: a worker at another address, or with
other topics, tables, partitions or standbys, is another member, and the old one expires.
"""

from collections.abc import Iterable
from hashlib import sha256

from app.engine.options import EngineOptions

DIGITS = 32


def instance_id(options: EngineOptions, topics: Iterable[str], tables: Iterable[str]) -> str | None:
    """The group instance id of a worker; None where it is to be a member of the moment."""
    if not options.static_membership:
        return None
    facts = (
        options.canonical_url,
        str(options.partitions),
        str(options.standby_replicas),
        *sorted(topics),
        "",
        *sorted(tables),
    )
    return "tailrace-" + sha256("\n".join(facts).encode()).hexdigest()[:DIGITS]

"""What the spill gave up, and the broker refused of it: known by number and minute alone.

One that is lost explains one record that is missing, of the minute of the loss or of an earlier
one: nothing is lost before it is made. Whose it was, and which producer's, nobody knows: a spill
holds what earlier processes and other backends left in it. What the meter passed had left every
spill: nothing explains it. Nor does a loss without a minute explain anything, as older builds told
them. Sans-I/O.
"""

from collections import Counter
from collections.abc import Iterable

from app.accounting.counts import UNKNOWN_TENANT
from app.accounting.identity import Line


def losses(lines: Iterable[Line], *, dated: bool) -> Counter[str]:
    """Records lost of unknown tenants by reason: those whose minute is known, or the others."""
    found: Counter[str] = Counter()
    for line in lines:
        if line.tenant == UNKNOWN_TENANT and bool(line.minute) == dated:
            found.update(line.dropped)
    return found


def unexplained(lines: Iterable[Line]) -> int:
    """How many of all that are missing no loss can explain."""
    unused = total = 0
    # From the last minute on, so that a loss is known before what it may explain.
    for line in sorted(lines, key=lambda each: (-each.minute, each.tenant != UNKNOWN_TENANT)):
        if line.tenant == UNKNOWN_TENANT:
            unused += line.dropped.total()
            continue
        explained = min(unused, line.missing - line.unmetered)
        unused -= explained
        total += line.missing - explained
    return total

"""Calls that are not billed by tokens: counting them, files, batches, and all that only looks.

The usage that such an answer shows is of another call: to add it up would count it twice.
"""

from typing import ClassVar

from proxy.dialects.base import ResponseFacts
from proxy.dialects.unknown import UnknownJson


class Unbilled(UnknownJson):
    """One exchange whose usage, if it shows any, is not its own."""

    __slots__ = ()

    marks_end: ClassVar[bool] = False

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """What was seen, without usage."""
        self._facts.usage = None
        self._facts.reported_cost_nano_usd = None
        return self._facts

"""Which exchanges are recorded where not all are: a pure function of the request id.

An exchange that failed is always kept. What is left out is counted, and nothing is extrapolated:
totals are those of the exchanges that were recorded.
"""

import zlib
from collections.abc import Mapping
from typing import Final

from app.record.draft import Draft

SPACE: Final = 1 << 32
FAILED_FROM: Final = 400


class Sampler:
    """Keeps a share of each tenant's exchanges."""

    def __init__(self, rate: float = 1.0, tenants: Mapping[str, float] | None = None) -> None:
        """`rate` is the share of those that `tenants` does not name."""
        self._rate = rate
        self._tenants = dict(tenants or {})
        self.is_off = rate >= 1 and all(each >= 1 for each in self._tenants.values())

    def keeps(self, draft: Draft) -> bool:
        """Whether an exchange is recorded."""
        if self.is_off:
            return True
        fields = draft.fields
        if fields["outcome"] != "completed" or fields.get("status", 0) >= FAILED_FROM:
            return True
        rate = self._tenants.get(fields["tenant"], self._rate)
        return zlib.crc32(fields["request_id"].encode()) < rate * SPACE

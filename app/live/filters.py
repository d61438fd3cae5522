"""Which exchanges a tail wants: `user`, `model`, `status`, `outcome`; several values by commas.

A status is a number, or a class such as `4xx`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from app.errors import QueryRefused
from app.live.item import LiveItem
from app.record.model import Outcome

NAMES = ("user", "model", "status", "outcome")
MAX_VALUES = 20
MAX_VALUE_CHARS = 512
_STATUS = re.compile(r"[1-9]xx|[1-9][0-9]{2}")


@dataclass(frozen=True, slots=True)
class LiveFilter:
    """The exchanges of one tenant that have one of the named values in each named field."""

    tenant: str
    user: frozenset[str] = frozenset()
    model: frozenset[str] = frozenset()
    status: frozenset[str] = frozenset()
    outcome: frozenset[str] = frozenset()

    def wants(self, item: LiveItem) -> bool:
        """Whether the tail shows it."""
        if item.tenant != self.tenant:
            return False
        if self.user and item.user not in self.user:
            return False
        if self.model and item.model not in self.model:
            return False
        if self.outcome and item.outcome not in self.outcome:
            return False
        return not self.status or self._wants_status(item.status)

    def _wants_status(self, status: int | None) -> bool:
        if status is None:
            return False
        return str(status) in self.status or f"{status // 100}xx" in self.status


def filter_of(query: Mapping[str, str], tenant: str) -> LiveFilter:
    """The filter that a query asks for. Raises: QueryRefused, naming the field."""
    values = {name: _values(name, query[name]) for name in NAMES if name in query}
    for status in values.get("status", ()):
        if not _STATUS.fullmatch(status):
            raise _refused("status", "a status is a number such as 429, or a class such as 4xx")
    known = get_args(Outcome)
    for outcome in values.get("outcome", ()):
        if outcome not in known:
            raise _refused("outcome", f"an outcome is one of {', '.join(known)}")
    return LiveFilter(tenant, **values)


def _values(name: str, text: str) -> frozenset[str]:
    values = frozenset(part for part in text.split(",") if part)
    if not 1 <= len(values) <= MAX_VALUES or any(len(each) > MAX_VALUE_CHARS for each in values):
        raise _refused(name, f"from 1 to {MAX_VALUES} values of up to {MAX_VALUE_CHARS} characters")
    return values


def _refused(field: str, message: str) -> QueryRefused:
    return QueryRefused(400, "invalid_parameter", message, field=field)

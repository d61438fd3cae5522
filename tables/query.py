"""The parameters of the queries of live tables."""

import re

from app.errors import QueryRefused
from tables.top_users import ORDERS, Order

DEFAULT_ORDER: Order = "cost"
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


def order_of(sort: str | None) -> Order:
    """The order named by `sort`. Raises: QueryRefused."""
    for order in ORDERS:
        if sort == order:
            return order
    if sort is None:
        return DEFAULT_ORDER
    raise QueryRefused(
        400, "invalid_parameter", f"sort is one of {', '.join(ORDERS)}", field="sort"
    )


def may_be_stale(stale: str | None) -> bool:
    """Whether an answer from a copy is welcome where the owner has none. Raises: QueryRefused."""
    if stale in (None, "ok"):
        return stale is not None
    raise QueryRefused(400, "invalid_parameter", "stale is ok, or left out", field="stale")


def limit_of(limit: str | None) -> int:
    """The number of rows asked for. Raises: QueryRefused."""
    if limit is None:
        return DEFAULT_LIMIT
    if _WHOLE_NUMBER.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT:
        return int(limit)
    message = f"limit is a whole number from 1 to {MAX_LIMIT}"
    raise QueryRefused(400, "invalid_parameter", message, field="limit")

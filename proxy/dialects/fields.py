"""Reading JSON that anyone may have written: a field is what it should be, or None."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from app.record.fields import MAX_TOKENS

MAX_ERROR_CHARS: Final = 500
MAX_KEY_CHARS: Final = 256
MAX_USD: Final = 1_000_000
NOTHING: Final[dict[str, Any]] = {}
CUT: Final = ""
"""The name of the member that stands for all that was in a value which `proxy.json_skim` cut."""


def load(data: bytes) -> Any:
    """The JSON value in the bytes, or None; broken UTF-8 inside of strings is replaced."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if data.isascii():
            return None
    try:
        return orjson.loads(data.decode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None


def text(value: Any) -> str | None:
    """A string that is not empty."""
    return value if isinstance(value, str) and value else None


def count(value: Any) -> int | None:
    """A number of tokens."""
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else None


def nano_usd(usd: Any) -> int | None:
    """An amount of US dollars that someone reports, as integer nano-USD, rounded half to even."""
    if type(usd) not in (int, float) or not 0 <= usd <= MAX_USD:
        return None
    return int((Decimal(repr(usd)) * 10**9).to_integral_value())


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, empty where it is none."""
    return value if isinstance(value, dict) else NOTHING


def items(value: Any) -> list[Any]:
    """An array, empty where it is none."""
    return value if isinstance(value, list) else []


def is_cut(value: Any) -> bool:
    """Whether there was more in an object or array, or in one of its elements, than is known."""
    return any(CUT in mapping(each) for each in (value if isinstance(value, list) else (value,)))


def user_of(document: Mapping[str, Any]) -> str | None:
    """The end user a request names: `user`, else `metadata.user_id`, else `safety_identifier`."""
    return (
        text(document.get("user"))
        or text(mapping(document.get("metadata")).get("user_id"))
        or text(document.get("safety_identifier"))
    )


def error_of(value: Any) -> str | None:
    """An error as one short line `type: message`, whatever looks like a key masked."""
    if isinstance(value, str):
        return short(value)
    error = mapping(value)
    kinds = [text(error.get(name)) for name in ("type", "code", "status")]
    kind = next((kind for kind in kinds if kind not in (None, "error")), None)
    message = text(error.get("message"))
    said = ": ".join(part for part in (kind, message) if part)
    return short(said or "error") if error else None


def short(said: str) -> str | None:
    """The beginning of a foreign text; the capture takes credentials out and cuts it further."""
    # With room for a key that lies across the end: what is masked is shorter.
    return said[: MAX_ERROR_CHARS + MAX_KEY_CHARS].strip() or None


def usage_of(**counts: int | None) -> dict[str, int | bool] | None:
    """The counts that are known, None if none is."""
    return {name: value for name, value in counts.items() if value is not None} or None

"""The types of a record's fields: bounded text, counts, durations and UTC times.

Bounds are part of the wire format; raising one is compatible, lowering one is a new version.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

MAX_USER_BYTES: Final = 256
MAX_PROPERTIES: Final = 64
MAX_PROPERTIES_BYTES: Final = 16_384
MAX_COUNT: Final = 2**53 - 1
MAX_TOKENS: Final = 10**12
MAX_MILLIS: Final = 10.0**10
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
TENANT_PATTERN = r"^[a-z0-9_-]{1,64}$"
REQUEST_ID_PATTERN = r"^[0-9a-f-]{36}$"
EARLIEST_YEAR: Final = 1970
LATEST_YEAR: Final = 2969

Word = Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(max_length=256, pattern=PRINTABLE)]
Line = Annotated[str, StringConstraints(max_length=512, pattern=PRINTABLE)]
Path = Annotated[str, StringConstraints(max_length=1024, pattern=PRINTABLE)]
Tenant = Annotated[str, StringConstraints(pattern=TENANT_PATTERN)]
RequestId = Annotated[str, StringConstraints(pattern=REQUEST_ID_PATTERN)]

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Tokens = Annotated[int, Field(ge=0, le=MAX_TOKENS)]
Rate = Annotated[float, Field(ge=0, le=MAX_COUNT, allow_inf_nan=False)]
Millis = Annotated[float, Field(ge=0, le=MAX_MILLIS, allow_inf_nan=False)]


def _within_bytes(user: str) -> str:
    if len(user) * 4 > MAX_USER_BYTES and len(user.encode()) > MAX_USER_BYTES:
        raise ValueError(f"longer than {MAX_USER_BYTES} bytes of UTF-8")
    return user


def _bounded(properties: dict[str, str]) -> dict[str, str]:
    text = "".join(properties) + "".join(properties.values())
    if len(text) * 4 > MAX_PROPERTIES_BYTES and len(text.encode()) > MAX_PROPERTIES_BYTES:
        raise ValueError(f"names and values are longer than {MAX_PROPERTIES_BYTES} bytes together")
    if not text.isprintable() and CONTROL.search(text) is not None:
        raise ValueError("a control character in a name or value")
    return properties


def _in_utc(time: datetime) -> datetime:
    if not EARLIEST_YEAR <= time.year <= LATEST_YEAR:
        raise ValueError(f"a time outside of the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    return time if time.tzinfo is UTC else time.astimezone(UTC)


User = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_USER_BYTES, pattern=PRINTABLE),
    AfterValidator(_within_bytes),
]
Properties = Annotated[dict[str, str], Field(max_length=MAX_PROPERTIES), AfterValidator(_bounded)]
UtcTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]

"""The short text fields of a form (multipart/form-data, RFC 7578): which model it is for.

SDKs send them before the file, so that the beginning of the body has them all.
"""

import re
from email.message import Message
from typing import Final

HEAD_BYTES: Final = 16 << 10
MAX_VALUE_BYTES: Final = 1024
_NAME = re.compile(rb'\r\ncontent-disposition:[^\r\n]*?;\s*name="(?P<name>[^"\r\n]{1,64})"', re.I)
_FILE: Final = re.compile(rb"\r\ncontent-disposition:[^\r\n]*?;\s*filename", re.I)


def boundary_in(content_type: str) -> bytes | None:
    """The boundary of a form, None if it is no form."""
    if not content_type.lower().startswith("multipart/form-data"):
        return None
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    return boundary.encode("latin-1", "replace") if isinstance(boundary, str) else None


def text_fields(head: bytes, boundary: bytes) -> dict[str, str]:
    """The fields that lie whole within the beginning of a form; files are left out."""
    fields: dict[str, str] = {}
    parts = (b"\r\n" + head).split(b"\r\n--" + boundary)
    for part in parts[1:-1]:
        fields_of, separator, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(fields_of)
        if separator and name and not _FILE.search(fields_of) and len(value) <= MAX_VALUE_BYTES:
            fields[name["name"].decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return fields

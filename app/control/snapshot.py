"""The entries on disk: what a process knows when it boots and no broker answers.

One JSON file, replaced in one step and readable by its owner alone. A file that is missing, cut
short or damaged is no snapshot: the process starts with nothing, and says so.
"""

import base64
import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import orjson

logger = logging.getLogger(__name__)
SCHEMA_VERSION = 1
PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700


def write(path: Path, raw: Mapping[bytes, bytes]) -> None:
    """Replace the snapshot; durable when it returns. Raises: OSError."""
    entries = [[_text(key), _text(value)] for key, value in sorted(raw.items())]
    body = {"schema_version": SCHEMA_VERSION, "sha256": _digest(entries), "entries": entries}
    path.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(body))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read(path: Path) -> dict[bytes, bytes]:
    """The entries of the last snapshot; none where it cannot be used, which is logged."""
    try:
        body = orjson.loads(path.read_bytes())
        if body["schema_version"] != SCHEMA_VERSION or body["sha256"] != _digest(body["entries"]):
            raise ValueError("another version, or damaged")
        return {_bytes(key): _bytes(value) for key, value in body["entries"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("%s is no snapshot of the control topic: %s", path, error)
        return {}


def _digest(entries: object) -> str:
    return hashlib.sha256(orjson.dumps(entries)).hexdigest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)

"""What was read of the topic, and whom a change concerns: pure.

Raw keys and values are kept as they came, also those that this build does not understand: they are
part of the snapshot, and of what is put back.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping

from app.control.contract import OnChange
from app.control.entries import decode_name, decode_value

logger = logging.getLogger(__name__)


class ControlState:
    """All entries, and those who listen."""

    def __init__(self) -> None:
        """No entry, nobody listens."""
        self._raw: dict[bytes, bytes] = {}
        self._values: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._listening: defaultdict[str, list[OnChange]] = defaultdict(list)

    # -- questions

    def get(self, kind: str, key: str) -> bytes | None:
        """One entry's value."""
        return self._values[kind].get(key)

    def items(self, kind: str) -> dict[str, bytes]:
        """All entries of a kind."""
        return dict(self._values[kind])

    @property
    def raw(self) -> dict[bytes, bytes]:
        """Every entry as a message's key and value."""
        return dict(self._raw)

    # -- changes

    def on_change(self, kind: str, callback: OnChange) -> None:
        """Call back for what is there, and for changes."""
        self._listening[kind].append(callback)
        for key, value in self.items(kind).items():
            _call(callback, key, value)

    def apply(self, raw_key: bytes | None, raw_value: bytes | None) -> bool:
        """Take in one message; whether it changed anything."""
        if raw_key is None or self._raw.get(raw_key) == raw_value:
            return False
        if raw_value is None:
            del self._raw[raw_key]
        else:
            self._raw[raw_key] = raw_value
        if (name := decode_name(raw_key)) is None:
            return True
        value = None if raw_value is None else decode_value(raw_value)
        entries = self._values[name.kind]
        if entries.get(name.key) == value:
            return True
        if value is None:
            del entries[name.key]
        else:
            entries[name.key] = value
        for callback in self._listening[name.kind]:
            _call(callback, name.key, value)
        return True

    def replace(self, raw: Mapping[bytes, bytes]) -> bool:
        """Become these entries and no others; whether anything changed."""
        gone = [key for key in self._raw if key not in raw]
        changed = [self.apply(key, None) for key in gone]
        changed += [self.apply(key, value) for key, value in raw.items()]
        return any(changed)


def _call(callback: OnChange, key: str, value: bytes | None) -> None:
    try:
        callback(key, value)
    except Exception:
        logger.exception("a listener to the control topic failed at %s", key)

"""The `control` topic's twin in memory."""

from app.control.contract import OnChange
from app.control.entries import encode_name, encode_value
from app.control.state import ControlState
from app.errors import Unavailable


class MemoryControl:
    """A `Control` of one process; `is_down` refuses every put."""

    def __init__(self) -> None:
        """No entry; live at once."""
        self._state = ControlState()
        self.is_down = False

    @property
    def state(self) -> str:
        """`live`, or `stale` while it is down."""
        return "stale" if self.is_down else "live"

    def get(self, kind: str, key: str) -> bytes | None:
        """One entry's value."""
        return self._state.get(kind, key)

    def items(self, kind: str) -> dict[str, bytes]:
        """All entries of a kind."""
        return self._state.items(kind)

    def on_change(self, kind: str, callback: OnChange) -> None:
        """Call back for what is there, and for changes."""
        self._state.on_change(kind, callback)

    async def put(self, kind: str, key: str, value: bytes | None) -> None:
        """Replace or remove an entry. Raises: Unavailable, RecordError."""
        name = encode_name(kind, key)
        raw = None if value is None else encode_value(value)
        if self.is_down:
            raise Unavailable("the control topic does not take it")
        self._state.apply(name, raw)

    async def until_live(self) -> None:
        """Return at once. Raises: Unavailable while it is down."""
        if self.is_down:
            raise Unavailable("the control topic cannot be read")

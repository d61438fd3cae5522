"""Server-sent events as the HTML standard defines them (§9.2): writing them, and cutting a stream.

id: 0199…
event: exchange
data: {…}
"""

HEARTBEAT = b": heartbeat\n\n"
END = b"\n\n"
MAX_EVENT_BYTES = 1 << 20


def event(name: str, data: bytes, event_id: str | None = None) -> bytes:
    """One event; `data` is on one line, as JSON is."""
    head = b"" if event_id is None else b"id: %s\n" % event_id.encode()
    return b"%sevent: %s\ndata: %s\n\n" % (head, name.encode(), data)


class EventCutter:
    """Cuts the bytes of a stream into whole events, unchanged."""

    def __init__(self) -> None:
        """Nothing fed."""
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """All whole events there are now, one after the other. Raises: ValueError, if too long."""
        whole, found, rest = (self._rest + piece).rpartition(END)
        if len(rest) > MAX_EVENT_BYTES:
            raise ValueError(f"an event of more than {MAX_EVENT_BYTES} bytes")
        self._rest = rest
        return whole + found

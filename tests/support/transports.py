"""A transport that writes into a list, for protocols tested without sockets."""

import asyncio


class ListTransport(asyncio.Transport):
    """Notes what is written, and whether reading goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.reading = True
        self.closing = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever buffered."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Note it."""
        self.written.append(bytes(data))

    def pause_reading(self) -> None:
        """No more data."""
        self.reading = False

    def resume_reading(self) -> None:
        """More data."""
        self.reading = True

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closing

    def close(self) -> None:
        """Close."""
        self.closing = True

    def abort(self) -> None:
        """Close at once."""
        self.closing = True

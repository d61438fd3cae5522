"""Responses out of bytes, strictly: llhttp reads, without any of its lenient modes.

It refuses what parsers disagree about (RFC 9112 §6.3, §11): both a length and a transfer coding,
two lengths, folded fields, line ends without CR, sizes that are no numbers. `should_keep_alive` of
httptools tells the truth only inside `on_message_complete`, so it is asked there and noted.
"""

from typing import Any, Final

import httptools

from app.errors import UpstreamProtocolError

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 512
SWITCHING: Final = 101
UNASKED: Final = "the upstream switches protocols unasked"
CONTENT_LENGTH, TRANSFER_ENCODING = len(b"content-length"), len(b"transfer-encoding")


class ResponseParser:
    """Reads the responses of one connection, one after the other.

    After `begin`, each `feed` may make `head_complete` and `complete` true and add to `body`.
    """

    def __init__(self) -> None:
        """At the beginning of a message."""
        self._parser: Any = httptools.HttpResponseParser(self)
        self.begin(is_head=False)

    def begin(self, *, is_head: bool) -> None:
        """Expect the next response; `is_head` if its request was a HEAD."""
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.head_complete = False
        self.complete = False
        self.reusable = False
        self.surplus = False
        self._is_head = is_head
        self._head_bytes = 0
        self._until_eof = True

    def feed(self, data: bytes) -> None:
        """Read more bytes. Raises: UpstreamProtocolError."""
        if self.complete:
            self.surplus = True
            return
        if not self.head_complete:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            raise UpstreamProtocolError(UNASKED) from exc
        except httptools.HttpParserError as exc:
            self._judge(exc)
        if not self.head_complete and self._head_bytes > 2 * MAX_HEAD_BYTES:
            raise UpstreamProtocolError("the answer's head is too large")

    def _judge(self, exc: Exception) -> None:
        """What is wrong after the end of the response is no part of it."""
        if not self.complete:
            raise UpstreamProtocolError(f"the answer is not valid HTTP: {exc}") from exc
        self.surplus = True

    @property
    def has_begun(self) -> bool:
        """Whether any byte of the response has come."""
        return self._head_bytes > 0

    def end_of_input(self) -> bool:
        """The connection has ended; whether the response has with it."""
        if not self.complete and self.head_complete and self._until_eof:
            self.complete = True
        return self.complete

    # -- what httptools calls

    def on_message_begin(self) -> None:
        """A response begins; a second one was not asked for."""
        if self.complete:
            self.surplus = True

    def on_status(self, reason: bytes) -> None:
        """A piece of the reason phrase."""
        if not self.surplus:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field; those of a chunked body's trailer are left out."""
        if self.surplus or self.head_complete:
            return
        headers = self.headers
        headers.append((name, value))
        if len(headers) > MAX_FIELDS:
            raise UpstreamProtocolError("the answer has too many fields")
        # Only these two names are as long as one of them.
        if len(name) != CONTENT_LENGTH and len(name) != TRANSFER_ENCODING:
            return
        lower = name.lower()
        if lower == b"content-length":
            self._until_eof = False
        elif lower == b"transfer-encoding":
            self._until_eof = False
            if value.strip().lower() != b"chunked":
                # Its coding would be lost on the way: the field is not passed on.
                raise UpstreamProtocolError("the answer has a transfer coding besides chunked")

    def on_headers_complete(self) -> None:
        """The head is whole; an informational one is only the first of several."""
        if self.surplus:
            return
        self.status = self._parser.get_status_code()
        if self.status == SWITCHING:
            # No request asks for it: what would follow is no HTTP, and no answer.
            raise UpstreamProtocolError(UNASKED)
        if self.status < 200:
            return
        self.head_complete = True
        if self._is_head:
            # llhttp would wait for the body that the fields describe and that does not come.
            self.complete = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self.surplus and not self._is_head:
            self.body.append(data)

    def on_message_complete(self) -> None:
        """The response has ended."""
        if self.surplus:
            return
        if not self.head_complete:
            self.reason, self.headers, self._until_eof = b"", [], True
            return
        self.reusable = bool(self._parser.should_keep_alive()) and not self._is_head
        self.complete = True

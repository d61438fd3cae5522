"""A body of unknown length, sent while the answer may come already."""

from collections.abc import AsyncIterator
from typing import Final

from app.errors import UpstreamProtocolError
from proxy.upstream.http1.connection import Connection
from proxy.upstream.http1.request import Head

END: Final = b"0\r\n\r\n"


async def upload(connection: Connection, head: Head, body: AsyncIterator[bytes]) -> None:
    """Send the body as its head announced, no faster than the upstream takes it.

    Raises: UpstreamProtocolError where it is not of its length; what the iterator raises.
    """
    sent_bytes = 0
    async for piece in body:
        if connection.ended:
            return
        if not piece:
            continue
        sent_bytes += len(piece)
        if head.framing == "chunked":
            connection.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        elif head.length is not None and sent_bytes > head.length:
            raise UpstreamProtocolError("not to be sent as HTTP: the body is not of its length")
        else:
            connection.write(piece)
        await connection.can_write()
    if head.framing == "chunked":
        connection.write(END)
    elif sent_bytes != head.length:
        raise UpstreamProtocolError("not to be sent as HTTP: the body is not of its length")

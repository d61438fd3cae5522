"""A request over a connection that was just lost fails as Kafka's errors do.

What is written to a closed transport asyncio drops, and uvloop raises a RuntimeError for
(`UVHandle._ensure_alive`). aiokafka 0.14 goes on using a connection until its reader has noticed
the loss, two turns of the loop later, and expects errors of Kafka and of the system alone. The
task that keeps the metadata of a client does not survive another one, and nobody hears of its
end: whoever waits for metadata then waits for ever, and no offset is committed any more.
"""

from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

SENDING = ("send", "_send_sasl_token")


def mend_connections() -> None:
    """Let every client of this process notice losses in time. Again is harmless."""
    for name in SENDING:
        method = getattr(AIOKafkaConnection, name)
        if not hasattr(method, "__wrapped__"):
            setattr(AIOKafkaConnection, name, _noticing(method))


def _noticing(send: Any) -> Any:
    @wraps(send)
    def noticing(connection: Any, *args: Any, **kwargs: Any) -> Any:
        writer = connection._writer
        if writer is not None and writer.transport.is_closing():
            connection.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(
                f"Connection at {connection.host}:{connection.port} was lost"
            )
        return send(connection, *args, **kwargs)

    return noticing

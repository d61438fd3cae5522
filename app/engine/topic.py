"""Topics of raw bytes: nothing is decoded, so nothing can fail to decode."""

from typing import Any

import faust


class RawTopic(faust.Topic):
    """Faust's topic whose events carry the message's own bytes."""

    app: Any

    async def decode(self, message: Any, *, propagate: bool = False) -> Any:
        """An event with key and value as they came."""
        return self.app.create_event(message.key, message.value, message.headers, message)

    async def on_key_decode_error(self, exc: Any, message: Any) -> None:
        """Stop instead of throwing into the agent, which would skip the message."""
        self.app.fail_stop(exc)

    async def on_value_decode_error(self, exc: Any, message: Any) -> None:
        """As `on_key_decode_error`."""
        self.app.fail_stop(exc)

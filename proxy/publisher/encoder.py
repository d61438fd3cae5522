"""Exchanges become messages: small ones before they are offered, the others in a task, in slices.

Messages are a quarter of the objects' size and are encoded once, however often they are sent.
Bodies of 64 KiB and more are compressed in a thread, one at a time.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from app.errors import RecordError
from app.record.draft import Draft
from app.record.topics import Topics
from proxy.publisher.encoding import body_message, record_message, told
from proxy.publisher.entry import Entry
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.queue import PublishQueue

logger = logging.getLogger(__name__)
IN_THREAD_FROM_BYTES: Final = 64 << 10
# The loop is given back after so much work: well under a millisecond; more at once cost less each.
SLICE_BYTES: Final = 256 << 10
RECORD_COSTS_BYTES: Final = 4 << 10


class Encoder:
    """Encodes what is offered to a queue; `on_encoded` is called when there is something to send.

    A record or body that cannot be encoded is refused and counted, and keeps no other one up.
    """

    def __init__(
        self,
        queue: PublishQueue,
        topics: Topics,
        *,
        observe: Callable[[Draft], None],
        on_encoded: Callable[[], None],
    ) -> None:
        """`observe` sees every record once, before it is encoded.

        `gather_s` is waited for more, once something is there: many at a time cost less each.
        """
        self.gather_s = 0.0
        self._queue = queue
        self._topics = topics
        self._observe = observe
        self._on_encoded = on_encoded
        self._offered = asyncio.Event()

    def wake(self) -> None:
        """Something was offered."""
        self._offered.set()

    def encode_small(self, entry: Entry) -> None:
        """Encode what is about to be offered, unless it takes long: all of it is at hand now.

        What cannot be encoded is left as it is: `run` meets it again, refuses it and counts that.
        """
        draft, bodies = entry.draft, entry.bodies
        if draft is None or entry.body_bytes >= IN_THREAD_FROM_BYTES:
            return
        try:
            body = None if bodies is None else body_message(bodies, self._topics)
            message = record_message(draft, self._topics)
        except Exception as error:  # noqa: BLE001 - see above
            logger.debug("not encoded at once: %r", error)
            return
        entry.encoded(message, body)
        self._observe(draft)

    async def run(self) -> None:
        """Encode until cancelled."""
        while True:
            spent_bytes = 0
            while (entry := self._queue.next_raw()) is not None:
                spent_bytes += RECORD_COSTS_BYTES + entry.body_bytes
                if (draft := entry.draft) is not None:
                    if entry.body_bytes < IN_THREAD_FROM_BYTES:
                        self._encode(entry, draft)
                    else:
                        await self._encode_in_thread(entry, draft)
                    self._observe(draft)
                if spent_bytes >= SLICE_BYTES:
                    spent_bytes = 0
                    self._on_encoded()
                    await asyncio.sleep(0)
            self._on_encoded()
            await self._offered.wait()
            if self.gather_s:
                await asyncio.sleep(self.gather_s)
            self._offered.clear()

    def _encode(self, entry: Entry, draft: Draft) -> None:
        body = None
        if entry.bodies is not None:
            try:
                body = body_message(entry.bodies, self._topics)
            except Exception as error:  # noqa: BLE001 - counted; the record outlives its bodies
                self._refuse_body(entry, error)
        self._store(entry, draft, body)

    async def _encode_in_thread(self, entry: Entry, draft: Draft) -> None:
        body = None
        if entry.bodies is not None:
            try:
                body = await asyncio.to_thread(body_message, entry.bodies, self._topics)
            except Exception as error:  # noqa: BLE001 - counted; the record outlives its bodies
                self._refuse_body(entry, error)
        self._store(entry, draft, body)

    def _store(self, entry: Entry, draft: Draft, body: Outgoing | None) -> None:
        try:
            lost = entry.lost_body
            message = record_message(told(draft, lost) if lost else draft, self._topics)
        except Exception:
            # whatever is wrong with one record must not stop its neighbours
            logger.exception("record %s cannot be encoded", draft.fields.get("request_id"))
            self._queue.refuse_raw(entry)
        else:
            self._queue.store(entry, message, body)

    def _refuse_body(self, entry: Entry, error: Exception) -> None:
        """Count a body that cannot be written."""
        if isinstance(error, RecordError):
            logger.warning("bodies that cannot be kept: %s", error)
        else:
            logger.error("bodies cannot be encoded", exc_info=error)
        if isinstance(error, RecordError) and error.reason == "too_large":
            self._queue.refuse_raw_body(entry, "body_too_large", "too_large")
        else:
            self._queue.refuse_raw_body(entry, "body_refused", "dropped")

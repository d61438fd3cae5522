"""One exchange on its way out: offered as objects, then encoded, then delivered message by message.

Its size is what it holds in memory: an estimate for objects, exact for messages.
"""

from typing import Final

from app.record.bodies import BodyEnvelope
from app.record.draft import Draft
from app.record.model import BodyState
from proxy.exchange import Finished
from proxy.publisher.accounts.book import Account
from proxy.publisher.outgoing import Outgoing

# Measured: a typical record takes 7.7 KB as an object and 2.1 KB as JSON.
OBJECT_BYTES: Final = 8192
# The entry itself, its place in the queue, two messages' tuples and keys.
ENTRY_BYTES: Final = 512


class Entry:
    """One exchange. At any time it waits for its encoding, or waits encoded, or is in hand.

    `record_done` and `body_done` once these are delivered or given up, `is_gone` once it left.
    `lost_body` is what a record that is not out yet has to say of a body that was given up;
    `body_tries` counts the attempts to deliver the body.
    """

    __slots__ = (
        "account",
        "bodies",
        "body",
        "body_bytes",
        "body_done",
        "body_tries",
        "bytes",
        "draft",
        "is_encoded",
        "is_gone",
        "lost_body",
        "message",
        "record_done",
    )

    def __init__(self, finished: Finished, account: Account | None = None) -> None:
        """Nothing of it is encoded or delivered yet; `account` is where its fate is counted."""
        self.account = account
        self.draft: Draft | None = finished.draft
        self.bodies = finished.bodies
        self.message: Outgoing | None = None
        self.body: Outgoing | None = None
        self.body_bytes = _size(finished.bodies)
        self.bytes = ENTRY_BYTES + OBJECT_BYTES + self.body_bytes
        self.record_done = False
        self.body_done = finished.bodies is None
        self.body_tries = 0
        self.lost_body: BodyState | None = None
        self.is_encoded = False
        self.is_gone = False

    def encoded(self, message: Outgoing, body: Outgoing | None) -> None:
        """Replace the objects by messages; a body given up meanwhile stays given up.

        `message` says of the body what is known now.
        """
        self.draft = self.bodies = None
        self.lost_body = None
        self.message = message
        self.body = None if self.body_done else body
        self.body_bytes = 0 if self.body is None else len(self.body.value)
        self.bytes = ENTRY_BYTES + len(message.value) + self.body_bytes
        self.is_encoded = True

    def drop_body(self, state: BodyState) -> None:
        """Let the body go; `state` is what the record says of it, if it is not out yet."""
        self.bodies = self.body = None
        self.body_done = True
        self.bytes -= self.body_bytes
        self.body_bytes = 0
        if not self.record_done:
            self.lost_body = state

    def release(self) -> None:
        """Hold nothing any more."""
        self.is_gone = True
        self.draft = self.bodies = self.message = self.body = None


def _size(bodies: BodyEnvelope | None) -> int:
    """How many bytes the two sides hold."""
    if bodies is None:
        return 0
    request, response = bodies.request, bodies.response
    return (len(request.data) if request else 0) + (len(response.data) if response else 0)

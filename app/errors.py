"""The error tree of Tailrace; foreign errors are mapped to these once, at the boundary.

TailraceError
  ├─ RecordError         a message that no retry will make readable; carries its reason
  ├─ UpstreamError       the provider could not be reached or broke off
  │    ├─ UpstreamRefused / UpstreamReset / UpstreamTimeout / UpstreamProtocolError
  ├─ ClientGone          the caller left, or neither sends nor reads any more
  ├─ RelayRefused        a call we answer ourselves: unknown upstream, bad header, …
  ├─ QueryRefused        a query of our own API that has no answer: unknown user, bad limit, …
  ├─ Unavailable         ask again later: recovering, rebalancing, broker away
  ├─ SinkUnavailable     a backend that effects are written to cannot be used now: try later
  │    └─ StoreUnavailable    an object store; carries the state that it is in
  ├─ SinkRefused         a backend will never take this: no retry helps
  ├─ SegmentError        an object of the archive is not what was written
  └─ StartError          the process cannot start; its text is one line saying what to do
"""

from typing import Literal


class TailraceError(Exception):
    """The root of our errors."""


class RecordError(TailraceError):
    """A message that no retry will make readable."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class UpstreamError(TailraceError):
    """The provider could not be reached or broke off."""


class UpstreamRefused(UpstreamError):
    """No connection: refused, unresolvable, or TLS failed."""


class UpstreamReset(UpstreamError):
    """The connection broke before the response ended."""


class UpstreamProtocolError(UpstreamError):
    """The upstream's bytes are not a valid HTTP response."""


class UpstreamTimeout(UpstreamError):
    """The upstream took too long; `kind` says at what."""

    def __init__(self, kind: Literal["connect", "first_byte", "idle"]) -> None:
        super().__init__(f"upstream timeout: {kind}")
        self.kind = kind


class ClientGone(TailraceError):
    """The caller left, or neither sends nor reads any more."""


class RelayRefused(TailraceError):
    """A call we answer ourselves, in the called API's own error shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class QueryRefused(TailraceError):
    """A query of our own API that has no answer; `field` names the parameter at fault.

    `retry_after_s` says when there may be one; None: there is no use in asking again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        *,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field
        self.retry_after_s = retry_after_s


class Unavailable(TailraceError):
    """The answer is not to be had now; `retry_after_s` says when to ask again."""

    def __init__(self, message: str, retry_after_s: float = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SinkUnavailable(TailraceError):
    """A backend cannot be used now; `retry_after_s` is its own word on when, None without one.

    `reached`: the backend answered and said no to this request, so that a smaller one may pass.
    """

    def __init__(
        self, message: str, retry_after_s: float | None = None, *, reached: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.reached = reached


class StoreUnavailable(SinkUnavailable):
    """An object store cannot be used now; `state` says why, in a word that readiness shows.

    `down`, `throttled`, `no_bucket`, or `refused`: the credentials or their rights.
    """

    def __init__(self, state: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message, retry_after_s)
        self.state = state


class SegmentError(TailraceError):
    """An object of the archive, or a member of it, is not what was written there."""


class SinkRefused(TailraceError):
    """A backend will never take what it was given: no retry helps."""


class StartError(TailraceError):
    """The process cannot start; the text is one line that says what to do."""

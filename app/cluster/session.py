"""An HTTP session that is opened when it is first needed, inside the loop that uses it."""

from collections.abc import Callable

import aiohttp


class LazySession:
    """Opens by `make`, again after `close`. Not for several event loops."""

    def __init__(self, make: Callable[[], aiohttp.ClientSession]) -> None:
        """Nothing is opened."""
        self._make = make
        self._session: aiohttp.ClientSession | None = None

    def opened(self) -> aiohttp.ClientSession:
        """The session."""
        if self._session is None:
            self._session = self._make()
        return self._session

    async def close(self) -> None:
        """Let go of its connections; again is harmless."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

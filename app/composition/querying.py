"""The live tables over HTTP, whichever worker holds them; a process without tables passes on."""

from aiohttp import web

from app.clock import Clock, SystemClock
from app.cluster.forwarding import Forwarding
from app.cluster.own_place import OwnPlace
from app.cluster.peers import Peers
from app.cluster.trust import token_of
from app.composition.feature import NoFeature
from app.engine.stream_side import StreamSide
from app.ids import RandomIds
from config import Settings
from tables.copies import CopiedTables
from tables.gathering import Gathering
from tables.internal_views import register_internal_views
from tables.routed import RoutedTables
from tables.top_users import TopUsers
from tables.user_reads import UserReads
from tables.views import register_table_views

COPIES_TIMEOUT_S = 1.0
"""With the owners' turn before it, a stale answer takes less than two seconds."""


class Querying(NoFeature):
    """The queries of a worker: its own partitions, and the others' for whoever asks."""

    def __init__(
        self, settings: Settings, side: StreamSide, top: TopUsers, clock: Clock | None = None
    ) -> None:
        """Nothing is connected."""
        self._token = token_of(settings)
        self._side = side
        self._top = top
        self._clock = clock or SystemClock()
        self._own_url = settings.own_url
        self._peers = Peers(self._token)
        self._hasty = Peers(self._token, COPIES_TIMEOUT_S)
        directory = settings.data_dir / "instances" / settings.instance
        self._place = OwnPlace(directory, self._own_url, RandomIds().request_id())

    def register(self, web_app: web.Application) -> None:
        """Add the routes for everybody and those for the other workers."""
        side, top, peers, own_url = self._side, self._top, self._peers, self._own_url
        tables = RoutedTables(side, side, peers, own_url)
        gathering = Gathering(side, top, side, peers, own_url)
        copies = CopiedTables(side, side, self._hasty, own_url)
        register_table_views(web_app, UserReads(tables, copies), gathering, self._clock)
        register_internal_views(web_app, side, top, self._token)
        self._place.register(web_app)

    async def start(self) -> None:
        """Claim directory and address. Raises: StartError, if another process has either."""
        await self._place.claim()

    async def stop(self) -> None:
        """Let go of the connections to other workers, and of the directory."""
        await self._peers.close()
        await self._hasty.close()
        self._place.release()


class Passing(NoFeature):
    """The queries of a process without tables."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected."""
        self._forwarding = Forwarding(settings.worker_url, token_of(settings))

    def register(self, web_app: web.Application) -> None:
        """Pass on every GET of `/api/v1/*`."""
        self._forwarding.register(web_app)

    async def stop(self) -> None:
        """Let go of the connections to the worker."""
        await self._forwarding.close()

"""The dashboard in every role: its files, and the session of whoever looks."""

from aiohttp import web

from app.access.gate import Gate
from app.composition.feature import NoFeature
from app.dashboard.files import DashboardFiles
from app.dashboard.session import SessionView


class Dashboard(NoFeature):
    """`/`, `/static/*` and `/api/v1/session`."""

    def __init__(self, gate: Gate) -> None:
        """Reads the files."""
        self._files = DashboardFiles()
        self._session = SessionView(gate)

    def register(self, web_app: web.Application) -> None:
        """Add the routes, before those that pass on whatever is left."""
        self._files.register(web_app)
        self._session.register(web_app)

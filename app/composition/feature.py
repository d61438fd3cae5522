"""What a feature of the process brings with it: topics, agents, routes, parts of readiness.

A feature is one class in a module of this package that puts the pieces of one concern together:
archive, analytics, webhooks, accounting. `features.py` lists those of a role; who builds streams
or routes asks each in turn, so that a new feature changes no other.
"""

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from app.engine.contracts import StreamApp
from app.record.topics import TopicSpec
from app.views.health import Part


class Feature(Protocol):
    """One concern of the process, from its topics to its routes."""

    def specs(self) -> Sequence[TopicSpec]:
        """Topics it needs beyond those that every process has."""

    def attach(self, app: StreamApp, epoch: str) -> None:
        """Declare tables and register agents on a new incarnation of the stream side; no I/O.

        Called once for each incarnation, and never in a role without a stream side.
        """

    def register(self, web_app: web.Application) -> None:
        """Add its routes; needs the running loop."""

    def parts(self) -> Sequence[Part]:
        """What readiness reports of it; one that is down degrades the process, no more."""

    async def start(self) -> None:
        """Open what it needs, in the background: a backend that is away must not stop the start."""

    async def stop(self) -> None:
        """Let go of connections; nothing that was acked is lost."""


class NoFeature:
    """A feature that brings nothing: what the others override."""

    def specs(self) -> Sequence[TopicSpec]:
        """None."""
        return ()

    def attach(self, app: StreamApp, epoch: str) -> None:
        """No agents."""

    def register(self, web_app: web.Application) -> None:
        """No routes."""

    def parts(self) -> Sequence[Part]:
        """None."""
        return ()

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

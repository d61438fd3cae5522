"""The services that the settings leave unset, started together and stopped together."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.clock import Clock
from app.embedded import analytics, broker, object_store
from app.embedded.children import Child
from app.embedded.data_dir import DataDir
from app.embedded.ports import Ports
from app.embedded.progress import progress
from app.ids import Ids
from config import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the embedded services are; None for one that is the user's own."""

    epoch: str | None = None
    kafka: str | None = None
    s3: object_store.S3Access | None = None
    analytics_url: str | None = None


class Stack:
    """The embedded services of one `tailrace up`; the user's own ones are left alone."""

    def __init__(
        self,
        settings: Settings,
        data_dir: DataDir,
        *,
        announce: Callable[[str], None],
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Ports and secrets are chosen, nothing is started. Raises: StartError."""
        self._settings = settings
        self._data_dir = data_dir
        self._announce = announce
        self._ports = Ports()
        self.variables: dict[str, str] = {}
        self.broker: Child | None = None
        self.durable: list[Child] = []
        epoch = kafka = access = url = None
        if settings.embedded_broker:
            epoch = broker.new_epoch(clock, ids)
            kafka = self._plan_broker(epoch)
        if settings.s3.endpoint_url is None:
            access = self._plan_object_store()
        if settings.analytics.url is None:
            url = self._plan_analytics()
        self.addresses = Addresses(epoch, kafka, access, url)

    @property
    def children(self) -> list[Child]:
        """All of them."""
        return [*([] if self.broker is None else [self.broker]), *self.durable]

    async def start(self) -> None:
        """Start all at once and wait until each serves. Raises: StartError, all stopped again."""
        try:
            async with asyncio.TaskGroup() as group:
                for child in self.children:
                    group.create_task(self._start(child), name=f"start-{child.spec.name}")
        except ExceptionGroup as errors:
            await self.stop()
            raise errors.exceptions[0] from errors

    async def stop(self) -> None:
        """Stop all at once; the durable ones write what they hold."""
        await asyncio.gather(*(child.stop() for child in self.children))

    def kill(self) -> None:
        """End all now."""
        for child in self.children:
            child.kill()

    async def _start(self, child: Child) -> None:
        started_s = time.monotonic()
        async with progress(self._announce, f"waiting for the {child.spec.name}"):
            await child.start()
        self._announce(f"{child.spec.name}: ready in {time.monotonic() - started_s:.1f} s")

    def _plan_broker(self, epoch: str) -> str:
        port = self._ports.pick(broker.PREFERRED_PORT)
        self.broker = Child(broker.broker_child(self._data_dir, port))
        told = broker.broker_settings(port, epoch, self._settings.partitions)
        self.variables |= told
        return told["KAFKA__BOOTSTRAP_SERVERS"]

    def _plan_object_store(self) -> object_store.S3Access:
        port = self._ports.pick(object_store.PREFERRED_PORT)
        s3 = self._settings.s3
        access = object_store.object_store_access(self._data_dir, port, s3.bucket, s3.region)
        spec = object_store.object_store_child(self._data_dir, port, access, self._ports)
        self.durable.append(Child(spec))
        self.variables |= access.settings()
        if "batch_age_s" not in self._settings.archive.model_fields_set:
            # Objects cost nothing here: bodies may as well be readable at once.
            self.variables["ARCHIVE__BATCH_AGE_S"] = str(object_store.BATCH_AGE_S)
        return access

    def _plan_analytics(self) -> str:
        port = self._ports.pick(analytics.PREFERRED_PORT)
        self.durable.append(Child(analytics.analytics_child(self._data_dir, port)))
        url = analytics.analytics_url(self._data_dir, port)
        self.variables["ANALYTICS__URL"] = url
        return url

"""The way of large bodies from the relay straight into the object store."""

from app.metrics import Metrics
from app.sinks.archive.direct import DirectLimits, DirectUploads
from app.sinks.archive.s3 import S3Store
from config import Settings


class Direct:
    """The uploads of a process that relays, and their store; a part of `Relaying`."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Nothing is connected. Without a store there are no uploads: large bodies are not kept."""
        archive = settings.archive
        self._store: S3Store | None = None
        self.uploads: DirectUploads | None = None
        if settings.s3.endpoint_url is None:
            return
        if archive.direct_max_bytes <= settings.capture.max_body_bytes:
            return
        self._store = S3Store(settings.s3)
        limits = DirectLimits(
            archive.direct_max_bytes, archive.direct_uploads, archive.direct_buffer_bytes
        )
        bucket = settings.s3.bucket
        self.uploads = DirectUploads(self._store, limits, metrics, bucket=bucket)

    async def stop(self) -> None:
        """Let go of the store, after the last upload."""
        if self._store is not None:
            await self._store.close()

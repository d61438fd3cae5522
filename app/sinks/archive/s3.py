"""An S3 bucket: AWS, MinIO, SeaweedFS, or any other that speaks the API.

The client lives on a loop of its own (`app.loop_thread`): it computes for longer than a relay may
wait. Nothing is retried for long here; whoever writes has a loop for that.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import ClientError

from app.errors import SinkRefused, StoreUnavailable
from app.loop_thread import LoopThread
from app.sinks.archive.s3_errors import (
    FOREIGN,
    NO_BYTES,
    NO_OBJECT,
    NO_UPLOAD,
    OWNED,
    code_of,
    mapped,
    status_of,
)
from config.archive_sections import S3Settings

logger = logging.getLogger(__name__)
MAX_CONNECTIONS = 16
ATTEMPTS = 2
HOME_REGION = "us-east-1"
CONTENT_TYPE = "application/octet-stream"

T = TypeVar("T")
Call = Callable[[Any], Awaitable[T]]


class S3Store:
    """The bucket of the settings; an `ObjectStore`."""

    def __init__(self, settings: S3Settings) -> None:
        """Nothing is connected, no thread is started."""
        self._settings = settings
        self._session = new_session()
        self._thread = LoopThread("s3")
        self._exits: AsyncExitStack | None = None
        self._client: Any = None
        self._opening: asyncio.Lock | None = None
        self._state = "new"
        self._is_closed = False

    @property
    def state(self) -> str:
        """What the last call found."""
        return self._state

    async def check(self) -> None:
        """Ask for the bucket, and make it where it is missing and that is allowed."""
        await self.call(self._check)

    async def put(self, key: str, data: bytes) -> None:
        """One PUT."""
        await self.call(
            lambda client: client.put_object(
                **self.named(key), **self.writing(), Body=data, ContentLength=len(data)
            )
        )

    async def get(self, key: str, offset: int, length: int) -> bytes | None:
        """One ranged GET."""
        if length <= 0:
            return b""

        async def read(client: Any) -> bytes | None:
            span = f"bytes={offset}-{offset + length - 1}"
            try:
                answer = await client.get_object(**self.named(key), Range=span)
                async with answer["Body"] as stream:
                    data: bytes = await stream.read()
            except ClientError as error:
                if code_of(error) in NO_OBJECT:
                    return None
                if code_of(error) in NO_BYTES:
                    return b""
                raise
            # A store that ignores ranges sends all of it.
            return data if answer.get("ContentRange") else data[offset : offset + length]

        return await self.call(read)

    async def upload(self, key: str) -> "S3Upload":
        """Begin a multipart upload."""
        answer = await self.call(
            lambda client: client.create_multipart_upload(**self.named(key), **self.writing())
        )
        return S3Upload(self, key, answer["UploadId"])

    async def close(self) -> None:
        """Close the client and end its thread; every call is refused from now on."""
        self._is_closed = True
        exits, self._exits, self._client = self._exits, None, None
        if exits is not None:
            await self._thread.run(exits.aclose())
        await self._thread.stop()

    # -- shared with the uploads

    def named(self, key: str) -> dict[str, str]:
        """The parameters that name an object."""
        return {"Bucket": self._settings.bucket, "Key": key}

    def writing(self) -> dict[str, str]:
        """The parameters of everything that makes an object."""
        settings = self._settings
        given = {"ContentType": CONTENT_TYPE}
        if settings.sse != "none":
            given["ServerSideEncryption"] = settings.sse
        if settings.sse_kms_key_id is not None:
            given["SSEKMSKeyId"] = settings.sse_kms_key_id
        return given

    async def call(self, ask: Call[T]) -> T:
        """One call within the time limit. Raises: StoreUnavailable, SinkRefused."""
        if self._is_closed:
            raise StoreUnavailable("down", "closed")
        try:
            result = await self._thread.run(self._within_time(ask))
        except FOREIGN as error:
            trouble = mapped(error)
            self._found(trouble.state if isinstance(trouble, StoreUnavailable) else "ok", trouble)
            raise trouble from error
        except (StoreUnavailable, SinkRefused) as trouble:
            self._found(trouble.state if isinstance(trouble, StoreUnavailable) else "ok", trouble)
            raise
        self._found("ok")
        return result

    def _found(self, state: str, trouble: Exception | None = None) -> None:
        """Remember the state; one line of log whenever it changes."""
        before, self._state = self._state, state
        if before == state:
            return
        where = f"bucket {self._settings.bucket} at {self._settings.endpoint_url or 'AWS'}"
        if state == "ok":
            logger.info("object store: ok: %s", where)
        else:
            logger.warning("object store: %s: %s: %s", state, where, trouble)

    # -- in the thread

    async def _within_time(self, ask: Call[T]) -> T:
        async with asyncio.timeout(self._settings.timeout_s):
            return await ask(await self._open())

    async def _open(self) -> Any:
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._client is None:
                exits = AsyncExitStack()
                self._client = await exits.enter_async_context(
                    new_client(self._session, self._settings)
                )
                self._exits = exits
        return self._client

    async def _check(self, client: Any) -> None:
        bucket = {"Bucket": self._settings.bucket}
        try:
            await client.head_bucket(**bucket)
        except ClientError as error:
            if status_of(error) == 404:
                await self._missing(client)
            elif status_of(error) in (400, 403):
                # A HEAD does not say why; this does, or it succeeds.
                await client.list_objects_v2(**bucket, MaxKeys=1)
            else:
                raise

    async def _missing(self, client: Any) -> None:
        settings = self._settings
        if not settings.create_bucket:
            raise StoreUnavailable(
                "no_bucket", "it does not exist: create it, or set TAILRACE_S3__CREATE_BUCKET=true"
            )
        place = {}
        if settings.region != HOME_REGION:
            place = {"CreateBucketConfiguration": {"LocationConstraint": settings.region}}
        try:
            await client.create_bucket(Bucket=settings.bucket, **place)
        except ClientError as error:
            if code_of(error) not in OWNED:
                raise


class S3Upload:
    """A multipart upload. Parts go up one after the other."""

    def __init__(self, store: S3Store, key: str, upload_id: str) -> None:
        """Begun already."""
        self._store = store
        self._key = store.named(key)
        self._named = {**self._key, "UploadId": upload_id}
        self._parts: list[dict[str, Any]] = []
        self._size_bytes = 0
        self._is_over = False

    async def part(self, data: bytes) -> None:
        """Send the next part."""
        number = len(self._parts) + 1
        answer = await self._store.call(
            lambda client: client.upload_part(**self._named, PartNumber=number, Body=data)
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._size_bytes += len(data)

    async def finish(self) -> None:
        """Make the object, unless an attempt whose answer was lost has made it."""
        await self._store.call(self._complete)
        self._is_over = True

    async def abort(self) -> None:
        """Have the parts forgotten, as far as the store can be reached."""
        if self._is_over:
            return
        self._is_over = True
        try:
            await self._store.call(lambda client: client.abort_multipart_upload(**self._named))
        except (StoreUnavailable, SinkRefused) as error:
            logger.warning("the parts of %s are left behind: %s", self._named["Key"], error)

    # -- in the thread

    async def _complete(self, client: Any) -> None:
        parts = {"Parts": self._parts}
        try:
            await client.complete_multipart_upload(**self._named, MultipartUpload=parts)
        except ClientError as error:
            # The client tries again by itself, so even our first attempt may be its second.
            if code_of(error) not in NO_UPLOAD or not await self._is_made(client):
                raise

    async def _is_made(self, client: Any) -> bool:
        """Whether the object is there, as long as its parts."""
        try:
            found = await client.head_object(**self._key)
        except ClientError as error:
            if status_of(error) == 404:
                return False
            raise
        return bool(found["ContentLength"] == self._size_bytes)


def new_session() -> Any:
    """What clients are made of. Loads the package, 5 MB, for those who have a store."""
    import aioboto3

    return aioboto3.Session()


def new_client(session: Any, settings: S3Settings) -> Any:
    """A client as an async context manager; without keys, boto's own search finds some."""
    secret, token = settings.secret_access_key, settings.session_token
    return session.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=None if secret is None else secret.get_secret_value(),
        aws_session_token=None if token is None else token.get_secret_value(),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": settings.addressing_style},
            connect_timeout=settings.connect_timeout_s,
            read_timeout=settings.timeout_s,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=MAX_CONNECTIONS,
            # Not every store knows the checksums that newer clients send unasked.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )

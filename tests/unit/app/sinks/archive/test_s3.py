"""The S3 client as the settings make it; what it does is tested on real servers."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from app.errors import StoreUnavailable
from app.sinks.archive.s3 import S3Store, new_client, new_session
from config.archive_sections import S3Settings


async def address(**settings: Any) -> tuple[str, str]:
    """Host and path of an object, as the client asks for it."""
    section = S3Settings(bucket="bucket-1", access_key_id="a", secret_access_key="b", **settings)
    async with new_client(new_session(), section) as client:
        named = {"Bucket": "bucket-1", "Key": "k"}
        url = urlsplit(await client.generate_presigned_url("get_object", Params=named))
    return url.netloc, url.path


OWN = "http://minio:9000"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"endpoint_url": OWN}, ("minio:9000", "/bucket-1/k")),
        ({"endpoint_url": OWN, "addressing_style": "path"}, ("minio:9000", "/bucket-1/k")),
        ({"endpoint_url": OWN, "addressing_style": "virtual"}, ("bucket-1.minio:9000", "/k")),
        ({}, ("bucket-1.s3.amazonaws.com", "/k")),
        (
            {"region": "eu-west-1", "addressing_style": "path"},
            ("s3.eu-west-1.amazonaws.com", "/bucket-1/k"),
        ),
    ],
)
async def test_the_bucket_is_in_the_path_or_the_host_name(
    settings: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert await address(**settings) == expected


async def test_a_closed_store_takes_nothing_and_starts_nothing() -> None:
    store = S3Store(S3Settings(endpoint_url=OWN))
    assert store.state == "new"
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.put("k", b"v")

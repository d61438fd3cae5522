"""A provider that says every credential back, calls that carry them, and where to look for them."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiokafka.admin import AIOKafkaAdminClient

from app.errors import RecordError
from app.record.body_codec import decode_bodies
from tests.support.consume import consume_all
from tests.support.seaweed import Seaweed

MARK = "knr7f3a9"
"""In every planted credential, and nowhere else."""
LARGE_BYTES = 200_000


def planted(where: str) -> str:
    """A credential that is told by where it travels."""
    return f"{MARK}-{where}-0123456789abcdef"


BASIC = base64.b64encode(f"me:{planted('basic')}".encode()).decode()
NEEDLES = (MARK.encode(), BASIC.encode(), BASIC.encode().rstrip(b"=")[:24])
CALLS: list[tuple[dict[str, str], str]] = [
    ({"Authorization": f"Bearer {planted('bearer')}"}, ""),
    ({"Authorization": f"Basic {BASIC}"}, ""),
    ({"x-api-key": planted("x-api-key")}, ""),
    ({"api-key": planted("api-key")}, ""),
    ({"x-goog-api-key": planted("x-goog-api-key")}, ""),
    ({}, f"?alt=sse&key={planted('query')}&access_token={planted('token')}%2F1"),
    ({"Tailrace-Auth": f"Bearer {planted('tailrace')}", "Cookie": planted("cookie")}, ""),
    ({"Helicone-Auth": f"Bearer {planted('helicone')}"}, ""),
]
WAYS = ("plain", "error", "packed", "stream", "large", "text")


async def says_it_back(request: web.Request) -> web.StreamResponse:
    """Everything that came, within an answer of the way that the path names."""
    came = " ".join([*request.headers.values(), *request.query.values(), request.path_qs])
    way = request.path.rpartition("/")[2]
    error = json.dumps({"error": {"message": f"bad key {came}", "type": "auth"}}).encode()
    if way == "stream":
        return await _stream(request, came)
    if way == "plain":
        choice = {"message": {"role": "assistant", "content": came}, "finish_reason": "stop"}
        return web.json_response({"model": "m", "choices": [choice]})
    if way == "large":
        return web.Response(body=b'{"x": "' + b"z" * LARGE_BYTES + error)
    if way == "packed":
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(status=401, body=gzip.compress(error), headers=headers)
    kind = "text/plain" if way == "text" else "application/json"
    return web.Response(status=401, body=error, content_type=kind)


async def _stream(request: web.Request, came: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    choice = {"delta": {"content": came}, "index": 0}
    events = [{"model": "m", "choices": [choice]}, {"error": {"message": f"lost {came}"}}]
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    for at in range(0, len(data), 7):
        await response.write(data[at : at + 7])
    return response


async def call_all(url: str, upstreams: tuple[str, ...]) -> list[str]:
    """Every way with every credential; the ids that came back, and each answer untouched."""
    ids = []
    async with aiohttp.ClientSession() as session:
        for upstream in upstreams:
            for headers, query in CALLS:
                for way in WAYS:
                    async with session.post(
                        f"{url}/{upstream}/v1/chat/{way}{query}",
                        json={"model": "m", "messages": [], "way": way},
                        headers=headers,
                    ) as answer:
                        text = await answer.text()
                        ids.append(answer.headers["tailrace-request-id"])
                        relayed = "tailrace-error" not in answer.headers
                        passes = bool(query) or any(n[:4] not in ("Tail", "Heli") for n in headers)
                        assert MARK in text or BASIC in text or not (relayed and passes), text[:300]
    return ids


async def messages(bootstrap_servers: str, prefix: str) -> AsyncIterator[tuple[str, bytes]]:
    """Every message of every topic, changelogs included, as bytes; bodies decoded too."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    names = [name for name in await admin.list_topics() if prefix in name]
    await admin.close()
    for name in names:
        for message in await consume_all(bootstrap_servers, name):
            headers = b"".join(value or b"" for _, value in message.headers)
            yield name, (message.key or b"") + (message.value or b"") + headers
            if name.endswith(".bodies"):
                try:
                    envelope = decode_bodies(message.value)
                except RecordError as error:
                    raise AssertionError(f"{name}: {error}") from error
                for part in (envelope.request, envelope.response):
                    yield name, part.data if part is not None else b""


async def objects(seaweed: Seaweed) -> AsyncIterator[tuple[str, bytes]]:
    """Every object of the store, as it lies there."""
    async with seaweed.access.client() as s3:
        pages = s3.get_paginator("list_objects_v2")
        async for page in pages.paginate(Bucket=seaweed.access.bucket):
            for each in page.get("Contents", []):
                got = await s3.get_object(Bucket=seaweed.access.bucket, Key=each["Key"])
                yield each["Key"], await got["Body"].read()


def files(root: Path) -> list[tuple[str, bytes]]:
    """Every file below, but the one that tells its owner's commands the token."""
    found = [path for path in root.rglob("*") if path.is_file() and path.name != "instance.json"]
    return [(str(path), path.read_bytes()) for path in found]


async def body_of(url: str, request_id: str, side: str, wait_s: float = 60) -> bytes:
    """A body as the API gives it back, once it is there; empty where it is not kept."""
    path = f"{url}/api/v1/exchanges/{request_id}/body?side={side}"
    async with aiohttp.ClientSession() as session, asyncio.timeout(wait_s):
        while True:
            async with session.get(path) as answer:
                raw = await answer.read()
                if answer.status == 200:
                    return raw
                if answer.status == 404 and "Retry-After" not in answer.headers:
                    return b""
            await asyncio.sleep(0.2)


def settings_with_secrets(echo_url: str, refusing_url: str) -> dict[str, Any]:
    """Settings that hold a credential wherever one can stand."""
    userinfo = echo_url.replace("://", f"://me:{planted('user-info')}@")
    away = refusing_url.replace("://", f"://me:{planted('away')}@")
    upstreams = {
        "echo": {"base_url": echo_url, "dialect": "openai"},
        "keyed": {"base_url": userinfo, "dialect": "anthropic"},
        "away": {"base_url": away, "dialect": "openai"},
    }
    return {
        "upstreams": json.dumps(upstreams),
        "kafka__sasl_username": "me",
        "kafka__sasl_password": planted("kafka"),
        "internal_token": planted("internal"),
        "log__level": "DEBUG",
        "capture__max_body_bytes": LARGE_BYTES // 4,
    }

"""The analytics engine as a process: the HTTP interface of a ClickHouse server, as far as needed.

    python -m app.embedded.analytics_child --data DIR --port PORT --password-file FILE

`clickhouse-connect` and every other client of that interface works with it as with a server:
statements in `query` and the body, `param_*`, `database`, `default_format`, settings, errors with
`X-ClickHouse-Exception-Code`. One statement runs at a time. Listens on loopback, asks for the
password, and ends on SIGTERM.
"""

import argparse
import asyncio
import hmac
import json
import sys
from base64 import b64decode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import zstandard
from aiohttp import web

from app.embedded.analytics_engine import BAD_ARGUMENTS, Engine, Statement, StatementError
from app.embedded.ports import LOOPBACK
from app.errors import StartError

MAX_REQUEST_BYTES = 512 << 20
# A server's `http_max_uri_size`: parameters of a query are in its URL.
MAX_URL_BYTES = 1 << 20
AUTHENTICATION_FAILED = 516
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# What the interface takes for itself; everything else in the query string is an engine setting.
TRANSPORT = frozenset(
    {
        *("query", "query_id", "quota_key", "database", "default_format", "role"),
        *("user", "password", "session_id", "session_timeout", "session_check"),
        *("compress", "decompress", "buffer_size", "wait_end_of_query"),
        *("client_protocol_version", "enable_http_compression"),
        *("send_progress_in_http_headers", "http_headers_progress_interval_ms"),
    }
)


def statement_of(query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Statement:
    """A request's parts as a statement: the text is `query`, then the body."""
    text = b"\n".join(part for part in (query.get("query", "").encode(), body) if part)
    default_format = headers.get("X-ClickHouse-Format", "TabSeparated")
    return Statement(
        text=text,
        database=query.get("database") or headers.get("X-ClickHouse-Database") or None,
        result_format=query.get("default_format", default_format),
        parameters={k[6:]: v for k, v in query.items() if k.startswith("param_")},
        settings={
            k: v for k, v in query.items() if k not in TRANSPORT and not k.startswith("param_")
        },
    )


def is_authorized(query: Mapping[str, str], headers: Mapping[str, str], password: str) -> bool:
    """Whether the request carries the password, in any of the three places a server looks."""
    given = headers.get("X-ClickHouse-Key") or query.get("password") or ""
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = b64decode(credentials, validate=True).decode().partition(":")[2]
        except ValueError:
            return False
    return hmac.compare_digest(given.encode(), password.encode())


def decoded(body: bytes, encoding: str) -> bytes:
    """A request's body as it was before compression; what the web server undid comes as it is.

    Raises: StatementError.
    """
    try:
        if body.startswith(ZSTD_MAGIC) and encoding == "zstd":
            with zstandard.ZstdDecompressor().stream_reader(body) as reader:
                return reader.read()
        if encoding == "lz4":
            import lz4.frame

            plain: bytes = lz4.frame.decompress(body)
            return plain
    except (zstandard.ZstdError, RuntimeError) as error:
        raise _unreadable(f"Not {encoding}: {error}") from error
    if encoding not in {"", "identity", "gzip", "deflate", "br", "zstd"}:
        raise _unreadable(f"Unknown Content-Encoding: {encoding}")
    return body


def _unreadable(why: str) -> StatementError:
    return StatementError(BAD_ARGUMENTS, f"Code: {BAD_ARGUMENTS}. {why}")


class Server:
    """The interface on one engine; statements run in one thread, in the order they came."""

    def __init__(self, engine: Engine, password: str) -> None:
        """Nothing listens yet."""
        self._engine = engine
        self._password = password
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")

    def application(self) -> web.Application:
        """`/` for statements, `/ping` to ask whether we are there."""
        application = web.Application(client_max_size=MAX_REQUEST_BYTES)
        application.router.add_get("/ping", self._ping)
        application.router.add_route("*", "/", self._statement)
        return application

    def close(self) -> None:
        """Let the running statement end, then close the engine."""
        self._thread.submit(self._engine.close).result()
        self._thread.shutdown()

    async def _ping(self, request: web.Request) -> web.Response:
        del request
        return web.Response(text="Ok.\n")

    async def _statement(self, request: web.Request) -> web.Response:
        if not is_authorized(request.query, request.headers, self._password):
            return _refusal(403, AUTHENTICATION_FAILED, "Code: 516. Authentication failed")
        loop = asyncio.get_running_loop()
        try:
            body = decoded(await request.read(), request.headers.get("Content-Encoding", ""))
            statement = statement_of(request.query, request.headers, body)
            result = await loop.run_in_executor(self._thread, self._engine.run, statement)
        except StatementError as error:
            return _refusal(500, error.code, str(error))
        done = "written" if result.inserted else "read"
        summary = {f"{done}_rows": str(result.rows), f"{done}_bytes": str(result.bytes_total)}
        return web.Response(
            body=result.body,
            headers={
                "X-ClickHouse-Summary": json.dumps(summary),
                "X-ClickHouse-Query-Id": request.query.get("query_id", ""),
                "X-ClickHouse-Format": statement.result_format,
                "X-ClickHouse-Server-Display-Name": "tailrace",
            },
        )


def _refusal(status: int, code: int, message: str) -> web.Response:
    return web.Response(
        status=status, text=message, headers={"X-ClickHouse-Exception-Code": str(code)}
    )


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="ClickHouse's engine behind its HTTP interface")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    arguments = parser.parse_args()
    password = arguments.password_file.read_text(encoding="ascii").strip()
    try:
        server = Server(Engine(arguments.data), password)
    except StartError as error:
        sys.exit(str(error))
    web.run_app(
        server.application(),
        host=LOOPBACK,
        port=arguments.port,
        print=None,
        max_line_size=MAX_URL_BYTES,
    )
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

import gzip
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import lz4.frame
import pytest
import zstandard
from aiohttp.test_utils import TestClient, TestServer

from app.embedded.analytics_child import ZSTD_MAGIC, Server, decoded, is_authorized, statement_of
from app.embedded.analytics_engine import Result, Statement, StatementError


def test_text_is_the_query_and_then_the_body() -> None:
    statement = statement_of({"query": "INSERT INTO t FORMAT CSV"}, {}, b"1\n2\n")
    assert statement.text == b"INSERT INTO t FORMAT CSV\n1\n2\n"
    assert statement_of({}, {}, b"SELECT 1").text == b"SELECT 1"


def test_parameters_settings_and_transport_are_told_apart() -> None:
    query = {
        "query": "SELECT {a:String}",
        "param_a": "x",
        "max_threads": "2",
        "query_id": "q",
        "client_protocol_version": "54405",
        "database": "d",
        "default_format": "Native",
    }
    statement = statement_of(query, {}, b"")
    assert statement.parameters == {"a": "x"}
    assert statement.settings == {"max_threads": "2"}
    assert (statement.database, statement.result_format) == ("d", "Native")


def test_database_and_format_may_come_as_headers() -> None:
    headers = {"X-ClickHouse-Database": "d", "X-ClickHouse-Format": "CSV"}
    statement = statement_of({}, headers, b"SELECT 1")
    assert (statement.database, statement.result_format) == ("d", "CSV")


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ({}, {"X-ClickHouse-Key": "secret"}, True),
        ({"password": "secret"}, {}, True),
        ({}, {"Authorization": "Basic " + b64encode(b"anyone:secret").decode()}, True),
        ({}, {"Authorization": "Basic " + b64encode(b"anyone:wrong").decode()}, False),
        ({}, {"Authorization": "Basic ?"}, False),
        ({}, {"X-ClickHouse-Key": "secre"}, False),
        ({}, {}, False),
    ],
)
def test_the_password_is_asked_for(
    query: dict[str, str], headers: dict[str, str], expected: bool
) -> None:
    assert is_authorized(query, headers, "secret") is expected


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", b"plain" * 100),
        ("zstd", zstandard.compress(b"plain" * 100)),
        ("lz4", lz4.frame.compress(b"plain" * 100)),
    ],
)
def test_compressed_bodies_are_read(encoding: str, body: bytes) -> None:
    assert decoded(body, encoding) == b"plain" * 100


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("zstd", ZSTD_MAGIC + b"no frame"), ("lz4", b"no frame"), ("snappy", b"x")],
)
def test_a_body_that_cannot_be_decoded_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(StatementError) as refused:
        decoded(body, encoding)
    assert refused.value.code == 36


class Echo:
    """Stands for the engine, which only one process can hold: answers what it was asked."""

    def run(self, statement: Statement) -> Result:
        if statement.text == b"BAD":
            raise StatementError(62, "Code: 62. Syntax error")
        return Result(statement.text, 3, 5, statement.text.startswith(b"INSERT"))

    def close(self) -> None:
        pass


@pytest.fixture
async def client() -> Any:
    server = Server(Echo(), "secret")
    async with TestClient(TestServer(server.application())) as client:
        yield client
    server.close()


KEY = {"X-ClickHouse-Key": "secret"}


async def test_a_statement_is_answered_with_its_summary(client: Any) -> None:
    response = await client.post("/", params={"query_id": "q1"}, data=b"SELECT 1", headers=KEY)
    assert (response.status, await response.read()) == (200, b"SELECT 1")
    assert json.loads(response.headers["X-ClickHouse-Summary"]) == {
        "read_rows": "3",
        "read_bytes": "5",
    }
    assert response.headers["X-ClickHouse-Query-Id"] == "q1"


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress), ("lz4", lz4.frame.compress)],
)
async def test_an_insert_says_what_was_written(
    client: Any, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    headers = {**KEY, "Content-Encoding": encoding}
    response = await client.post("/", data=compress(b"INSERT"), headers=headers)
    assert await response.read() == b"INSERT"
    assert json.loads(response.headers["X-ClickHouse-Summary"])["written_rows"] == "3"


async def test_a_refused_statement_answers_500_with_its_code(client: Any) -> None:
    response = await client.post("/", data=b"BAD", headers=KEY)
    assert response.status == 500
    assert response.headers["X-ClickHouse-Exception-Code"] == "62"
    assert "Syntax error" in await response.text()


async def test_without_the_password_nothing_runs(client: Any) -> None:
    response = await client.post("/", data=b"SELECT 1")
    assert response.status == 403
    assert response.headers["X-ClickHouse-Exception-Code"] == "516"
    assert (await client.get("/ping")).status == 200

import json
import shlex
from pathlib import Path

import pytest

from app.embedded.first_screen import first_screen, web_url
from app.embedded.object_store import S3Access
from app.embedded.stack import Addresses
from config import load_settings

S3 = S3Access("http://127.0.0.1:8333", "tailrace", "us-east-1", "AK", "SECRET")
EMBEDDED = Addresses("e1", "127.0.0.1:9092", S3, "clickhouse://u:PASS@127.0.0.1:18123/tailrace")


def screen(addresses: Addresses = EMBEDDED, *, kept: bool = False, **variables: str) -> str:
    settings = load_settings({f"TAILRACE_{name}": value for name, value in variables.items()})
    return first_screen(settings, addresses, Path("/data"), kept=kept)


def test_two_lines_to_paste_that_need_no_key() -> None:
    lines = [line for line in screen().splitlines() if line.startswith("curl ")]
    assert len(lines) == 2
    call, query = (shlex.split(line) for line in lines)
    assert "http://127.0.0.1:6066/mock/v1/chat/completions" in call
    assert "Tailrace-User-Id: alice" in call
    assert json.loads(call[-1])["model"]
    assert query[-1] == "http://127.0.0.1:6066/api/v1/users/alice"


def test_addresses_without_secrets() -> None:
    text = screen()
    for expected in ("127.0.0.1:9092", "http://127.0.0.1:8333/tailrace", "18123", "/data"):
        assert expected in text
    assert "SECRET" not in text
    assert "PASS" not in text


def test_what_is_durable_and_what_is_not() -> None:
    text = screen()
    assert "Durable: bodies in S3 and analytics." in text
    assert "Not durable: broker topics and live tables" in text
    assert "earlier runs" not in text


def test_a_second_run_says_in_one_line_what_was_kept() -> None:
    lines = [line for line in screen(kept=True).splitlines() if "earlier runs" in line]
    assert lines == [
        "Topics and live tables start empty; bodies and analytics of earlier runs are kept."
    ]


def test_services_of_the_users_own_are_not_called_ours() -> None:
    text = screen(Addresses(), KAFKA__BOOTSTRAP_SERVERS="kafka-1:9092")
    assert "kafka-1:9092" in text
    assert "urable" not in text


@pytest.mark.parametrize(("role", "count"), [("all", 2), ("proxy", 1), ("worker", 0)])
def test_only_lines_that_this_role_answers(role: str, count: int) -> None:
    assert screen(Addresses(), ROLE=role, KAFKA__BOOTSTRAP_SERVERS="k:1").count("curl ") == count


@pytest.mark.parametrize(
    ("bind", "host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]")],
)
def test_the_url_can_be_reached_from_here(bind: str, host: str) -> None:
    settings = load_settings({"TAILRACE_WEB__BIND": bind})
    assert web_url(settings) == f"http://{host}:6066"

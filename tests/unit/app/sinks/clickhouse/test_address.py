import pytest

from app.errors import StartError
from app.sinks.clickhouse.address import Address, address_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "clickhouse://u:p%40ss@ch.example:9000/db",
            Address("ch.example", 9000, False, "u", "p@ss", "db"),
        ),
        ("clickhouse://ch", Address("ch", 8123, False, "default", "", "default")),
        ("clickhouses://ch/", Address("ch", 8443, True, "default", "", "default")),
        ("clickhouse://u@[::1]:1/a", Address("::1", 1, False, "u", "", "a")),
    ],
)
def test_the_parts_of_a_url(url: str, expected: Address) -> None:
    assert address_of(url) == expected


@pytest.mark.parametrize("url", ["http://ch", "clickhouse://", "clickhouse://ch:x", "ch:8123"])
def test_anything_else_is_no_start(url: str) -> None:
    with pytest.raises(StartError, match="TAILRACE_ANALYTICS__URL"):
        address_of(url)


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("10.0.0.1", False), ("ch", False)],
)
def test_what_is_on_this_machine(host: str, local: bool) -> None:
    assert address_of(f"clickhouse://{host}").is_local is local


def test_the_password_is_not_shown() -> None:
    address = address_of("clickhouse://u:hunter2@ch/db")
    assert "hunter2" not in f"{address} {address!r}"
    assert str(address) == "ch:8123/db"

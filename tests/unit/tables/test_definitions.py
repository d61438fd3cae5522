"""Table names, keys and lifetimes."""

import pytest

from app.record.keys import exchange_key, keys_of_user
from config.sections import MeterSettings
from tables.definitions import DEFAULT_SEEN_TTL_S, USERS, seen_table, split_user_key


def test_names_and_lifetimes() -> None:
    assert (USERS.name, USERS.ttl_s) == ("users", None)
    assert (seen_table(5).name, seen_table(5).ttl_s) == ("seen", 5)
    assert MeterSettings().seen_ttl_s == DEFAULT_SEEN_TTL_S


@pytest.mark.parametrize("user", ["alice", "a|b", "é😀", "anonymous|x", "anonymously"])
def test_a_key_is_split_into_what_it_was_made_of(user: str) -> None:
    assert split_user_key(exchange_key("acme", user, "id")) == ("acme", user)


def test_every_sub_key_is_the_anonymous_user() -> None:
    keys = keys_of_user("acme", "anonymous")
    assert {split_user_key(key) for key in keys} == {("acme", "anonymous")}

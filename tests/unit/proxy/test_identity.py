import pytest

from app.errors import RelayRefused
from proxy.identity import Identity, PropertyLimits, read_identity, valid_traceparent

LIMITS = PropertyLimits(max_properties=2, max_property_bytes=8)


def read(*pairs: tuple[bytes, bytes]) -> Identity:
    return read_identity(list(pairs), LIMITS)


def refusal(*pairs: tuple[bytes, bytes]) -> RelayRefused:
    refused = read(*pairs).refusal
    assert refused is not None
    return refused


def test_nothing_said_is_nobody_in_particular() -> None:
    assert read() == Identity()


@pytest.mark.parametrize("prefix", [b"tailrace-", b"helicone-"])
def test_every_field_under_both_prefixes(prefix: bytes) -> None:
    identity = read_identity(
        [
            (prefix + b"user-id", b" alice "),
            (prefix + b"session-id", b"s1"),
            (prefix + b"session-name", b"Trip"),
            (prefix + b"session-path", b"/a/b"),
            (prefix + b"property-team", b"red"),
            (prefix + b"omit-request", b"True"),
            (prefix + b"omit-response", b"false"),
            (prefix + b"request-id", b"mine"),
            (prefix + b"model-override", b"gpt-4o"),
            (prefix + b"target-url", b"https://api.example.com"),
            (prefix + b"auth", b"Bearer secret"),
        ],
        LIMITS,
    )
    assert identity == Identity(
        user="alice",
        session_id="s1",
        session_name="Trip",
        session_path="/a/b",
        properties={"team": "red"},
        omit_request=True,
        client_request_id="mine",
        model_override="gpt-4o",
    )


def test_our_name_wins_and_the_first_of_two() -> None:
    identity = read(
        (b"helicone-user-id", b"old"),
        (b"tailrace-user-id", b"new"),
        (b"tailrace-user-id", b"second"),
    )
    assert identity.user == "new"


def test_an_empty_value_is_no_value() -> None:
    assert read((b"tailrace-user-id", b"  "), (b"helicone-user-id", b"bob")).user == "bob"


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ("René".encode(), "René"),
        ("René".encode("latin-1"), "René"),
        (b"UTF-8''Ren%C3%A9%20M", "René M"),
        (b"utf-8'fr'Ren%C3%A9", "René"),
        (b"alice%40example.com", "alice%40example.com"),
        ("用户".encode(), "用户"),
    ],
)
def test_text_beyond_ascii(value: bytes, user: str) -> None:
    assert read((b"tailrace-user-id", value)).user == user


@pytest.mark.parametrize(
    "value",
    [b"a\x00b", b"a\x1fb", b"a\x7fb", b"UTF-8''a%00b", b"UTF-8''a%0d%0aHost:", b"UTF-8''%ff"],
)
def test_control_characters_and_broken_text_are_refused(value: bytes) -> None:
    refused = refusal((b"tailrace-user-id", value))
    assert (refused.status, refused.code) == (400, "invalid_header")
    assert "tailrace-user-id" in str(refused)


def test_a_user_is_measured_in_bytes() -> None:
    assert read((b"tailrace-user-id", b"x" * 256)).user == "x" * 256
    assert refusal((b"tailrace-user-id", b"x" * 257)).code == "user_too_long"
    assert refusal((b"tailrace-user-id", "é".encode() * 129)).code == "user_too_long"


def test_a_refused_value_leaves_its_field_unset_and_the_others_set() -> None:
    identity = read((b"tailrace-user-id", b"a\x00"), (b"tailrace-session-id", b"s"))
    assert (identity.user, identity.session_id) == (None, "s")
    assert identity.refusal is not None


@pytest.mark.parametrize("name", [b"session-id", b"session-name", b"session-path", b"request-id"])
def test_long_texts_are_refused(name: bytes) -> None:
    assert "longer than" in str(refusal((b"tailrace-" + name, b"x" * 513)))


@pytest.mark.parametrize("value", [b"", b"yes", b"2", b"tru"])
def test_a_boolean_is_true_or_false(value: bytes) -> None:
    assert "true or false" in str(refusal((b"helicone-omit-response", value)))


def test_properties_are_bounded_and_what_is_left_out_is_counted() -> None:
    identity = read(
        (b"tailrace-property-a", b"1"),
        (b"tailrace-property-a", b"again"),
        (b"tailrace-property-", b"nameless"),
        (b"helicone-property-b", "ééééé".encode()),
        (b"helicone-property-c", b"3"),
    )
    assert identity.properties == {"a": "1", "b": "éééé"}
    assert identity.properties_dropped == 2
    assert identity.refusal is None


@pytest.mark.parametrize(
    ("value", "count"), [(b"0", 0), (b"2", 2), (b"x", None), (b"9" * 30, None)]
)
def test_the_sdks_retry_count(value: bytes, count: int | None) -> None:
    assert read((b"x-stainless-retry-count", value)).client_retry_count == count


TRACE, SPAN = b"0af7651916cd43dd8448eb211c80319c", b"b7ad6b7169203331"


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        (b"00-%b-%b-01" % (TRACE, SPAN), True),
        (b"01-%b-%b-01-later" % (TRACE, SPAN), True),
        (b"00-%b-%b-01-later" % (TRACE, SPAN), False),
        (b"ff-%b-%b-01" % (TRACE, SPAN), False),
        (b"00-%b-%b-01" % (b"0" * 32, SPAN), False),
        (b"00-%b-%b-01" % (TRACE, b"0" * 16), False),
        (b"00-%b-%b-01" % (TRACE.upper(), SPAN), False),
        (b"00-%b-%b" % (TRACE, SPAN), False),
        (b"", False),
        (b"\xff\xfe", False),
    ],
)
def test_traceparent(value: bytes, valid: bool) -> None:
    assert valid_traceparent(value) == (value.decode() if valid else None)
    assert read((b"traceparent", value)).refusal is None

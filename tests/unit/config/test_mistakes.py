import pytest

from config import SettingsError, load_settings
from config.mistakes import masked, shortened


def mistake(**variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings({f"TAILRACE_{name}": value for name, value in variables.items()})
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("ROLE", "boss", "TAILRACE_ROLE='boss': allowed is one of all, proxy, worker"),
        ("WEB__PORT", "0", "TAILRACE_WEB__PORT='0': allowed is a whole number from 1 to 65535"),
        ("WEB__PORT", "x", "TAILRACE_WEB__PORT='x': allowed is a whole number from 1 to 65535"),
        ("MOCK__ENABLED", "maybe", "TAILRACE_MOCK__ENABLED='maybe': allowed is true or false"),
        (
            "KAFKA__BOOTSTRAP_SERVERS",
            "kafka",
            "TAILRACE_KAFKA__BOOTSTRAP_SERVERS='kafka': allowed is host:port[,host:port],"
            " ports from 1 to 65535",
        ),
        (
            "METER__SEEN_TTL_S",
            "3599",
            "TAILRACE_METER__SEEN_TTL_S='3599': allowed is a whole number, at least 3600",
        ),
        (
            "UPSTREAMS",
            '{"api": {"base_url": "http://h"}}',
            "TAILRACE_UPSTREAMS: no upstream may be named 'api';"
            " reserved: api, health, internal, metrics, static, v1",
        ),
        (
            "UPSTREAMS",
            '{"a": {"base_url": "http://h", "dialect": "x"}}',
            "TAILRACE_UPSTREAMS a.dialect='x': allowed is one of openai, anthropic, gemini, raw",
        ),
        (
            "UPSTREAMS",
            '{"a": {"base_url": "http://h", "url": "x"}}',
            "TAILRACE_UPSTREAMS a.url='x': no such key; known are base_url, dialect, include_usage",
        ),
        (
            "UPSTREAMS",
            '{"A b": {"base_url": "http://h"}}',
            "TAILRACE_UPSTREAMS A b='A b': allowed is a name matching '^[a-z0-9][a-z0-9_-]{0,63}$'",
        ),
        (
            "UPSTREAMS",
            "[1]",
            "TAILRACE_UPSTREAMS=[1]: allowed is a table (JSON in a variable): name to entry",
        ),
    ],
)
def test_names_the_variable_the_value_and_what_is_allowed(name: str, value: str, line: str) -> None:
    assert mistake(**{name: value}) == line


def test_a_missing_key_of_an_entry() -> None:
    line = mistake(UPSTREAMS='{"a": {"dialect": "raw"}}')
    assert "a.base_url" in line
    assert "base_url is missing; allowed is text matching" in line


def test_a_check_across_settings_names_them() -> None:
    assert mistake(KAFKA__SECURITY_PROTOCOL="SASL_SSL") == (
        "TAILRACE_KAFKA__SECURITY_PROTOCOL=SASL_SSL: needs"
        " TAILRACE_KAFKA__SASL_USERNAME and TAILRACE_KAFKA__SASL_PASSWORD"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANALYTICS__URL", "http://user:hunter2@host"),
        ("S3__ENDPOINT_URL", "ftp://user:hunter2@host"),
        ("S3__ENDPOINT_URL", "ftp://user:hunter/2@host"),
        ("UPSTREAMS", '{"a": {"base_url": "ftp://user:hunter2@host"}}'),
        ("UPSTREAMS", '{"a": {"base_url": "http://user:hunter2@host"'),
        ("UPSTREAMS", '{"a": {"url": "http://user:hunter2@host"}}'),
    ],
)
def test_no_secret_is_in_the_line(name: str, value: str) -> None:
    line = mistake(**{name: value})
    assert "hunter" not in line
    assert "********" in line


def test_a_line_stays_one_line_whatever_the_value() -> None:
    assert "\n" not in mistake(ROLE="a\nb")
    assert len(mistake(ROLE="x" * 10_000)) < 300


def test_masked_leaves_other_text_alone() -> None:
    assert masked("http://a:b@h/x and http://h/y") == "http://********@h/x and http://h/y"


def test_shortened() -> None:
    assert shortened("x" * 500) == "'" + "x" * 119 + "…"
    assert shortened(5) == "5"

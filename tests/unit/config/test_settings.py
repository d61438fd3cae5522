from pathlib import Path

import faust
import pytest
from pydantic import ValidationError

from config import Settings, SettingsError, load_settings
from config.settings import RESERVED_UPSTREAM_NAMES, in_text

EVERYTHING = {
    "TAILRACE_ROLE": "worker",
    "TAILRACE_DATA_DIR": "/srv/tail race",
    "TAILRACE_EPOCH": "e-1",
    "TAILRACE_INTERNAL_TOKEN": "token, with 'signs' and ünïcode",
    "TAILRACE_UPSTREAMS": '{"a": {"base_url": "http://u:p@h:1/x"}, "b": {"base_url": "https://h"}}',
    "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "a:9092,b:9092",
    "TAILRACE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
    "TAILRACE_KAFKA__SASL_USERNAME": "me",
    "TAILRACE_KAFKA__SASL_PASSWORD": "secret",
    "TAILRACE_KAFKA__IDEMPOTENT": "no",
    "TAILRACE_KAFKA__PARTITIONS": "8",
    "TAILRACE_ENGINE__COMMIT_INTERVAL_S": "0.25",
    "TAILRACE_ANALYTICS__URL": "clickhouse://u:p@h:8123/db",
}


def test_a_child_process_gets_the_same_settings() -> None:
    for settings in (Settings(), load_settings(EVERYTHING)):
        assert load_settings(settings.environment()) == settings


def test_the_environment_for_a_child_holds_only_our_variables() -> None:
    variables = load_settings(EVERYTHING).environment()
    assert all(name.startswith("TAILRACE_") for name in variables)
    assert variables["TAILRACE_INTERNAL_TOKEN"] == EVERYTHING["TAILRACE_INTERNAL_TOKEN"]
    assert "TAILRACE_CONFIG" not in variables
    assert "TAILRACE_S3__ENDPOINT_URL" not in variables


def test_no_secret_is_in_the_repr() -> None:
    text = repr(load_settings(EVERYTHING))
    assert "SecretStr" in text
    assert "token, with" not in text
    assert "'secret'" not in text


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"TAILRACE_CANONICAL_URL": "http://Worker-1.local:80/"}, "http://worker-1.local"),
        ({"TAILRACE_CANONICAL_URL": "https://h:443/a/"}, "https://h/a"),
        ({"TAILRACE_CANONICAL_URL": "http://bücher.de:1"}, "http://xn--bcher-kva.de:1"),
        ({"TAILRACE_WEB__BIND": "Host", "TAILRACE_WEB__PORT": "80"}, "http://host"),
        ({"TAILRACE_WEB__BIND": "::1"}, "http://[::1]:6066"),
    ],
)
def test_our_own_url_is_spelled_as_in_the_map_of_the_workers(
    given: dict[str, str], url: str
) -> None:
    """In another spelling a worker would take itself for another one, and count all twice."""
    settings = load_settings(given)
    assert settings.own_url == url
    told = given.get("TAILRACE_CANONICAL_URL", settings.own_url)
    in_map = faust.App("any", canonical_url=told, env={}).conf.canonical_url
    assert str(in_map).rstrip("/") == settings.own_url


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TAILRACE_CANONICAL_URL", "http://host:99999"),
        ("TAILRACE_CANONICAL_URL", "http://:80"),
        ("TAILRACE_CANONICAL_URL", "http:///x"),
        ("TAILRACE_WEB__BIND", "[::1]"),
    ],
)
def test_an_address_that_is_none_is_refused(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}.*: allowed is "):
        load_settings({variable: value})


def test_settings_are_frozen() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.role = "proxy"  # type: ignore[misc]


def test_making_settings_reads_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAILRACE_ROLE", "proxy")
    assert Settings().role == "all"


def test_partitions_follow_the_broker_unless_set() -> None:
    assert Settings().embedded_broker
    assert Settings().partitions == 4
    named = load_settings({"TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "h:1"})
    assert not named.embedded_broker
    assert named.partitions == 24
    assert load_settings({"TAILRACE_KAFKA__PARTITIONS": "7"}).partitions == 7


@pytest.mark.parametrize("name", sorted(RESERVED_UPSTREAM_NAMES))
def test_our_own_paths_name_no_upstream(name: str) -> None:
    with pytest.raises(ValidationError, match="reserved: "):
        Settings.model_validate({"upstreams": {name: {"base_url": "http://h"}}})


def test_the_data_directory() -> None:
    assert Settings(data_dir=Path("~/x")).data_dir == Path("~/x")
    assert load_settings({"TAILRACE_DATA_DIR": "~/x"}).data_dir == Path.home() / "x"
    with pytest.raises(ValidationError, match="not empty"):
        Settings.model_validate({"data_dir": ""})


def test_ids_are_remembered_for_longer_than_a_record_may_wait() -> None:
    """Spill, dead letters and a day between them; a shorter time could count a record twice."""
    waits = {"TAILRACE_SPILL__MAX_AGE_S": "3600", "TAILRACE_DEAD_LETTERS__MAX_REPLAY_AGE_S": "7200"}
    load_settings({**waits, "TAILRACE_METER__SEEN_TTL_S": str(86_400 + 3600 + 7200)})
    with pytest.raises(SettingsError) as refused:
        load_settings({**waits, "TAILRACE_METER__SEEN_TTL_S": str(86_400 + 3600 + 7199)})
    assert "97200 or more" in str(refused.value)
    assert all(name in str(refused.value) for name in [*waits, "TAILRACE_METER__SEEN_TTL_S"])
    with pytest.raises(SettingsError, match="TAILRACE_METER__SEEN_TTL_S"):
        load_settings({"TAILRACE_DEAD_LETTERS__MAX_REPLAY_AGE_S": str(7 * 86_400)})


def test_values_as_variables_hold_them() -> None:
    assert in_text(True) == "true"
    assert in_text(0.25) == "0.25"
    assert in_text({}) == "{}"


def test_everything_that_nobody_may_read_is_known() -> None:
    settings = Settings(
        internal_token="canary-token",  # type: ignore[arg-type]
        upstreams={"mine": {"base_url": "http://u:canary-pass@h"}},  # type: ignore[dict-item]
    )
    assert {"canary-token", "http://u:canary-pass@h"} <= set(settings.secrets())

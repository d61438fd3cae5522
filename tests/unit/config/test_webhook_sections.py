"""The settings of webhooks."""

import pytest

from config import SettingsError, load_settings

PREFIX = "TAILRACE_WEBHOOKS__"


def test_defaults_call_public_addresses_by_https_alone() -> None:
    own = load_settings({}).webhooks
    assert (own.allow_private, own.allow_http, own.allowed_networks) == (False, False, None)
    assert own.schedule_s == "5,300,1800,7200,18000,36000"
    assert own.secret_key is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SCHEDULE_S", "5,300", "6 rising numbers"),
        ("SCHEDULE_S", "5,4,6,7,8,9", "6 rising numbers"),
        ("SCHEDULE_S", "a,b,c,d,e,f", "6 rising numbers"),
        ("SCHEDULE_S", "0,1,2,3,4,5", "6 rising numbers"),
        ("ALLOWED_NETWORKS", "10.0.0.0/33", "network/length"),
        ("ALLOWED_NETWORKS", "10.0.0.0/8,x", "network/length"),
        ("SECRET_KEY", "short", "16 characters"),
        ("SECRET_KEY", "long enough to be one,short", "16 characters"),
        ("CONCURRENCY", "0", "1"),
        ("PUBLIC_URL", "ftp://x", "http"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({PREFIX + name: value})
    assert PREFIX + name in str(error.value)
    assert says in str(error.value)


def test_a_key_is_never_shown() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({PREFIX + "SECRET_KEY": "too short"})
    assert "too short" not in str(error.value)
    assert "long enough" not in repr(load_settings({PREFIX + "SECRET_KEY": "a long enough key"}))

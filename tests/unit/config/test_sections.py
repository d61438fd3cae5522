import pytest
from pydantic import ValidationError

from config.sections import KafkaSettings, WebSettings, servers


@pytest.mark.parametrize("text", ["h:9092", "a:1,b:65535", "a:9092, b:9092", "[::1]:9092"])
def test_servers(text: str) -> None:
    assert servers(text) == text
    assert KafkaSettings(bootstrap_servers=text).bootstrap_servers == text


@pytest.mark.parametrize("text", ["", "h", ":1", "h:", "h:0", "h:65536", "h:x", "a:1,", "x://h:1"])
def test_what_is_no_list_of_servers(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        servers(text)


def test_sections_are_frozen_and_refuse_unknown_names() -> None:
    section = WebSettings()
    with pytest.raises(ValidationError, match="frozen"):
        section.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        WebSettings(prot=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("protocol", ["SASL_SSL", "SASL_PLAINTEXT"])
def test_sasl_needs_user_and_password(protocol: str) -> None:
    given = {"security_protocol": protocol, "sasl_username": "u", "sasl_password": "p"}
    assert KafkaSettings.model_validate(given).sasl_username == "u"
    for missing in ("sasl_username", "sasl_password"):
        with pytest.raises(ValidationError, match="needs TAILRACE_KAFKA__SASL_USERNAME"):
            KafkaSettings.model_validate({k: v for k, v in given.items() if k != missing})


def test_the_memory_of_request_ids_is_at_least_an_hour() -> None:
    from config.sections import MeterSettings

    assert MeterSettings(seen_ttl_s=3600).seen_ttl_s == 3600
    with pytest.raises(ValidationError):
        MeterSettings(seen_ttl_s=3599)

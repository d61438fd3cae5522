import ssl

import faust
import pytest

from app.engine import security as module
from app.engine.security import BrokerSecurity, broker_security
from config.sections import KafkaSettings


def test_plain_needs_nothing() -> None:
    security = BrokerSecurity()
    assert security.client_options() == {"security_protocol": "PLAINTEXT", "ssl_context": None}
    assert security.faust_credentials() is None


def test_a_plain_connection_loads_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which would hold the loop up for tens of milliseconds, at every attempt to connect."""
    made: list[object] = []
    monkeypatch.setattr(module, "create_ssl_context", lambda **options: made.append(options))
    for protocol in ("PLAINTEXT", "SASL_PLAINTEXT"):
        BrokerSecurity(protocol, username="u", password="secret").client_options()
    assert made == []


def test_tls_without_a_user() -> None:
    """The certificates are loaded once."""
    security = BrokerSecurity("SSL")
    context = security.client_options()["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert BrokerSecurity("SSL").client_options()["ssl_context"] is context
    assert isinstance(security.faust_credentials(), faust.SSLCredentials)


@pytest.mark.parametrize(("protocol", "encrypted"), [("SASL_PLAINTEXT", False), ("SASL_SSL", True)])
def test_a_user_with_a_password(protocol: str, encrypted: bool) -> None:
    settings = KafkaSettings(
        security_protocol=protocol,
        sasl_mechanism="SCRAM-SHA-256",
        sasl_username="u",
        sasl_password="secret",
    )
    security = broker_security(settings)
    options = security.client_options()
    assert options["sasl_mechanism"] == "SCRAM-SHA-256"
    assert options["sasl_plain_username"] == "u"
    assert options["sasl_plain_password"] == "secret"
    assert (options["ssl_context"] is not None) is encrypted
    credentials = security.faust_credentials()
    assert credentials.protocol.value == protocol
    assert credentials.mechanism.value == "SCRAM-SHA-256"


def test_the_password_is_not_in_the_repr() -> None:
    assert "secret" not in repr(BrokerSecurity("SASL_SSL", "PLAIN", "u", "secret"))

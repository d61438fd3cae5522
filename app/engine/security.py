"""How to reach a secured broker, in aiokafka's terms and in Faust's."""

from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from typing import Any

import faust
from aiokafka.helpers import create_ssl_context

from config.sections import KafkaSettings


@dataclass(frozen=True, slots=True)
class BrokerSecurity:
    """Protocol and credentials; the password never appears in the repr."""

    protocol: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None

    def __repr__(self) -> str:
        """The protocol and the user, no secret."""
        return f"BrokerSecurity(protocol={self.protocol!r}, username={self.username!r})"

    @property
    def encrypted(self) -> bool:
        """Whether the transport is TLS."""
        return self.protocol in {"SSL", "SASL_SSL"}

    def ssl_context(self) -> SSLContext | None:
        """A context that trusts the CA file, or the system's; None without TLS."""
        return _context(self.ca_file) if self.encrypted else None

    def client_options(self) -> dict[str, Any]:
        """Connection options for aiokafka's clients."""
        options: dict[str, Any] = {
            "security_protocol": self.protocol,
            "ssl_context": self.ssl_context(),
        }
        if self.protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def faust_credentials(self) -> Any:
        """Faust's credentials object; None for a plain connection."""
        if self.protocol.startswith("SASL"):
            return faust.SASLCredentials(
                username=self.username,
                password=self.password,
                mechanism=self.mechanism,
                ssl_context=self.ssl_context(),
            )
        return faust.SSLCredentials(context=self.ssl_context()) if self.encrypted else None


@cache
def _context(ca_file: str | None) -> SSLContext:
    """Made once: it takes tens of milliseconds, and options are asked for at every attempt."""
    context: SSLContext = create_ssl_context(cafile=ca_file)
    return context


def broker_security(kafka: KafkaSettings) -> BrokerSecurity:
    """The security that the settings mean."""
    password = kafka.sasl_password
    return BrokerSecurity(
        protocol=kafka.security_protocol,
        mechanism=kafka.sasl_mechanism,
        username=kafka.sasl_username,
        password=None if password is None else password.get_secret_value(),
        ca_file=kafka.ssl_cafile,
    )

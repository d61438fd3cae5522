"""How a command reaches the broker."""

from typing import Any

from app.embedded.data_dir import DataDir
from app.errors import StartError, Unavailable
from config import Settings


def connection_of(settings: Settings) -> dict[str, Any]:
    """How to reach the broker: the settings', else that of the instance that runs here."""
    from app.engine.security import broker_security

    servers = settings.kafka.bootstrap_servers
    if servers is None:
        try:
            servers = str(DataDir.at(settings.data_dir).read_instance()["kafka"])
        except (Unavailable, KeyError) as exc:
            raise StartError(
                "TAILRACE_KAFKA__BOOTSTRAP_SERVERS is not set, and no instance runs on"
                f" {settings.data_dir}"
            ) from exc
    security = broker_security(settings.kafka).client_options()
    return {"bootstrap_servers": servers.split(","), **security}

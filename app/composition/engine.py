"""The analytics engine of the settings, shared by the features that use it."""

from app.sinks.clickhouse.address import address_of
from app.sinks.clickhouse.client import ClickHouse
from config import Settings


def engine_of(settings: Settings) -> ClickHouse | None:
    """The engine, not connected; None where none is named. Raises: StartError."""
    url = settings.analytics.url
    return None if url is None else ClickHouse(address_of(url.get_secret_value()))

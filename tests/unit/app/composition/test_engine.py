"""The analytics engine of the settings."""

from app.composition.engine import engine_of
from config import Settings
from config.analytics_sections import AnalyticsSettings


def test_there_is_one_where_it_is_named() -> None:
    assert engine_of(Settings()) is None
    named = Settings(analytics=AnalyticsSettings(url="clickhouse://u:p@host:1234/db"))
    engine = engine_of(named)
    assert engine is not None
    assert str(engine.address) == "host:1234/db"

from app.sinks.clickhouse.memory import MemoryAnalytics
from app.sinks.clickhouse.protocol import Analytics


async def test_the_twin_is_an_analytics_engine() -> None:
    twin: Analytics = MemoryAnalytics({"t": ["id"]})
    assert twin.state == "ok"
    await twin.start()
    await twin.close()
    assert twin.state == "down"

"""`/metrics` over a real server."""

import aiohttp
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from app.metrics import Metrics
from app.views.prometheus import register_metrics
from tests.support.web_server import served


async def test_the_text_is_prometheus_s() -> None:
    """Its own parser reads it, and finds what was counted; nothing is printed twice."""
    metrics, web_app = Metrics(), web.Application()
    metrics.relayed_total.labels("mock", "completed").inc(3)
    metrics.queued_records.set_function(lambda: 7)
    register_metrics(web_app, metrics)
    async with (
        served(web_app) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/metrics") as response,
    ):
        assert response.status == 200
        assert response.content_type == "text/plain"
        text = await response.text()
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    found = {(s.name, *s.labels.values()): s.value for s in samples}
    assert found["tailrace_relayed_total", "completed", "mock"] == 3
    assert found["tailrace_queued_records",] == 7
    assert "_created" not in text

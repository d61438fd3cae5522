import pytest
from pydantic import ValidationError

from config.analytics_sections import AnalyticsSettings


@pytest.mark.parametrize("url", ["http://h", "clickhouse://", "h:8123", "clickhouse://[::"])
def test_analytics_must_be_clickhouse(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AnalyticsSettings(url=url)
    assert "input" not in str(caught.value)


def test_analytics_url_is_a_secret() -> None:
    section = AnalyticsSettings(url="clickhouse://u:hunter2@h:8123/db")
    assert "hunter2" not in repr(section)

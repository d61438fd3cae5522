"""`tailrace topics create|check` against Apache Kafka."""

from typing import Any

import pytest

from app.cli import main
from app.record.topics import Topics
from tests.support.kafka import KafkaBroker


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command with these settings; exit code, stdout and stderr."""

    def tell(*arguments: str, **settings: Any) -> tuple[int, str, str]:
        for name, value in settings.items():
            monkeypatch.setenv(f"TAILRACE_{name.upper()}", str(value))
        code = main(["topics", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return tell


@pytest.mark.kafka
def test_made_and_checked(kafka_broker: KafkaBroker, topic_prefix: str, told: Any) -> None:
    given = {
        "kafka__bootstrap_servers": kafka_broker.bootstrap_servers,
        "kafka__topic_prefix": topic_prefix,
        "kafka__partitions": 3,
    }
    code, out, _ = told("check", **given)
    assert code == 1
    assert f"{Topics(topic_prefix).exchanges}: the topic is missing, should be there" in out
    code, out, _ = told("create", **given)
    assert code == 0
    assert f"made tailrace-{topic_prefix}-users-changelog" in out
    assert told("create", **given)[:2] == (0, "every topic is there\n")
    code, out, _ = told("check", **given)
    assert (code, "topics are as they should be" in out) == (0, True), out
    code, out, _ = told("check", kafka__partitions=4)
    assert code == 1
    assert f"{Topics(topic_prefix).exchanges}: partitions is 3, should be 4" in out
    code, out, err = told("create", kafka__partitions=4)
    assert (code, out) == (2, "")
    assert "TAILRACE_KAFKA__TOPIC_PREFIX" in err


def test_no_broker_is_one_line(told: Any) -> None:
    code, _, err = told("check", kafka__bootstrap_servers="127.0.0.1:1")
    assert (code, err.count("\n")) == (2, 1)

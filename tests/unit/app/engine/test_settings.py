from pathlib import Path

import faust
import pytest

from app.engine.settings import MAX_POLL_INTERVAL_S, faust_settings
from tests.support.kafkaless import options


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> faust.Settings:
    for name in ("BROKER_URL", "NODE_CANONICAL_URL"):
        monkeypatch.setenv(name, "http://elsewhere:1")
    made = options(tmp_path, brokers=("a:1", "b:2"), compression="zstd")
    return faust.Settings("x", **faust_settings(made))


def test_every_broker_is_named(conf: faust.Settings) -> None:
    assert [(url.host, url.port) for url in conf.broker] == [("a", 1), ("b", 2)]


def test_variables_of_faust_change_nothing(conf: faust.Settings) -> None:
    assert str(conf.canonical_url) == "http://127.0.0.1:6066"


def test_bytes_stay_bytes(conf: faust.Settings) -> None:
    assert conf.key_serializer == conf.value_serializer == "raw"


def test_nothing_is_created_behind_our_back(conf: faust.Settings) -> None:
    assert conf.topic_allow_declare is False
    assert conf.topic_disable_leader is True
    assert conf.web_enabled is False


def test_times_fit_each_other(conf: faust.Settings) -> None:
    assert conf.broker_session_timeout < conf.broker_request_timeout
    assert conf.broker_max_poll_interval == MAX_POLL_INTERVAL_S
    assert conf.producer_request_timeout < 60


def test_the_producer_takes_large_messages(conf: faust.Settings) -> None:
    assert conf.producer_max_request_size >= 8 << 20
    assert conf.producer_compression_type == "zstd"
    assert conf.producer_linger > 0


def test_no_codec_by_default(tmp_path: Path) -> None:
    assert faust_settings(options(tmp_path))["producer_compression_type"] is None

from pathlib import Path

from app.composition.control import Controlling
from app.composition.streams import Streams
from app.metrics import Metrics
from config import Settings, sections


async def test_streams_wait_for_it_and_readiness_shows_it(tmp_path: Path) -> None:
    kafka = sections.KafkaSettings(bootstrap_servers="127.0.0.1:1")
    settings = Settings(kafka=kafka, data_dir=tmp_path)
    streams = Streams(settings, Metrics())
    controlling = Controlling(settings, streams)
    assert streams.wait_for == [controlling.control.until_live]
    (part,) = controlling.parts()
    assert (part.name, part.state(), part.state() in part.good) == ("control", "starting", False)
    await controlling.start()
    await controlling.stop()

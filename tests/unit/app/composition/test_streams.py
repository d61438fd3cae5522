"""One incarnation put together, without a broker."""

import pytest

from app.composition.streams import Streams, app_id, brokers_of
from app.errors import StartError
from app.metrics import Metrics
from config import load_settings

SERVERS = {"TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "a:1, b:2"}


def test_brokers_are_split_and_their_absence_names_the_way_out() -> None:
    """Without any, the line names the setting and `tailrace up`."""
    assert brokers_of(load_settings(SERVERS)) == ("a:1", "b:2")
    with pytest.raises(StartError, match=r"TAILRACE_KAFKA__BOOTSTRAP_SERVERS.*tailrace up"):
        brokers_of(load_settings({}))


def test_another_topic_prefix_is_another_consumer_group() -> None:
    """Two deployments on one broker share neither offsets nor changelogs."""
    assert app_id(load_settings(SERVERS)) == "tailrace"
    other = load_settings({**SERVERS, "TAILRACE_KAFKA__TOPIC_PREFIX": "blue"})
    assert app_id(other) == "tailrace-blue"


async def test_assembled_it_has_its_agent_and_both_changelogs(tmp_path: object) -> None:
    """`seen` expires in its changelog as in its table; partitions are those of the source."""
    settings = load_settings({**SERVERS, "TAILRACE_DATA_DIR": str(tmp_path)})
    app = Streams(settings, Metrics()).assemble("epoch")
    assert [agent.split(".")[-1] for agent in app.agents] == ["meter"]
    specs = {spec.name: spec for spec in app.changelog_specs()}
    assert set(specs) == {"tailrace-users-changelog", "tailrace-seen-changelog"}
    assert {spec.partitions for spec in specs.values()} == {settings.partitions}
    assert specs["tailrace-seen-changelog"].configs["cleanup.policy"] == "compact,delete"


async def test_a_process_without_a_broker_in_reach_cannot_build() -> None:
    """The supervisor of the stream side tries again; nothing is left open."""
    from app.errors import Unavailable

    settings = load_settings({"TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    with pytest.raises(Unavailable):
        await Streams(settings, Metrics()).build()

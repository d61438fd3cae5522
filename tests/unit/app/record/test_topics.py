"""Topic names carry the prefix, and every topic's limits are stated."""

from app.record.codec import MAX_DEAD_LETTER_BYTES
from app.record.topics import DAY_MS, RETRY_PARTITIONS, Topics, retention_s


def test_every_topic_has_a_name_of_its_own_under_the_prefix() -> None:
    names = [spec.name for spec in Topics("acme.prod").specs()]
    assert len(set(names)) == len(names)
    assert {"acme.prod.exchanges", "acme.prod.bodies", "acme.prod.archived"} <= set(names)
    assert all(name.startswith("acme.prod.") for name in names)


def test_bodies_live_for_a_day_and_dead_letters_outlive_their_records() -> None:
    topics = Topics()
    configs = {spec.name: spec.configs for spec in topics.specs()}
    retention_ms = {name: int(each.get("retention.ms", 0)) for name, each in configs.items()}
    assert retention_ms[topics.bodies] == DAY_MS
    assert retention_ms[topics.dead_letters] > retention_ms[topics.exchanges]


def test_a_dead_letter_fits_into_its_topic() -> None:
    configs = {spec.name: spec.configs for spec in Topics().specs()}
    assert int(configs["tailrace.dead-letters"]["max.message.bytes"]) >= MAX_DEAD_LETTER_BYTES


def test_the_number_of_partitions_is_left_to_the_settings_or_one() -> None:
    topics = Topics()
    partitions = {spec.name: spec.partitions for spec in topics.specs()}
    for name in (topics.exchanges, topics.bodies, topics.facts, topics.archived):
        assert partitions[name] is None
    assert {partitions[name] for name in topics.delivery_retries} == {RETRY_PARTITIONS}
    assert set(partitions.values()) <= {None, 1, RETRY_PARTITIONS}


def test_what_every_process_knows_is_kept_for_good() -> None:
    control = next(spec for spec in Topics().specs() if spec.name == "tailrace.control")
    assert (control.partitions, control.configs["cleanup.policy"]) == (1, "compact")


def test_how_long_messages_are_kept() -> None:
    assert retention_s({"retention.ms": str(DAY_MS)}) == 86_400
    assert retention_s({"retention.ms": "-1"}) is retention_s({}) is None

from app.record.topics import Topics, TopicSpec
from app.reference.topics import meaning, render_topics


def test_every_topic_has_a_line_with_its_meaning() -> None:
    topics = Topics("mine")
    text = render_topics(topics)
    for spec in topics.specs():
        assert meaning(topics, spec)
        assert f"| `{spec.name}` | " in text
    assert "`mine.exchanges` | Records, keyed by `tenant\\|user`. | as configured |" in text
    assert "`message.timestamp.type=LogAppendTime`" in text


def test_a_topic_that_no_property_names_has_no_meaning() -> None:
    assert meaning(Topics(), TopicSpec("other")) == ""

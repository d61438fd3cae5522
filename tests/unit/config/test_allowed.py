import pytest

from config.allowed import allowed, describe
from config.sections import UpstreamSettings
from config.settings import Settings
from config.variables import leaves


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("web.port", "a whole number from 1 to 65535"),
        ("kafka.partitions", "a whole number from 1 to 1024"),
        ("publish.max_records", "a whole number, at least 1"),
        ("engine.commit_interval_s", "a number above 0, at most 86400"),
        ("role", "one of all, proxy, worker"),
        ("mock.enabled", "true or false"),
        ("data_dir", "a path"),
        ("s3.bucket", "text"),
        ("instance", "text matching ^[A-Za-z0-9._-]{1,64}$"),
        ("upstreams", "a table (JSON in a variable): name to entry"),
    ],
)
def test_in_words(key: str, words: str) -> None:
    assert allowed(Settings, tuple(key.split("."))) == words


def test_the_model_of_a_tables_entry_is_described_alike() -> None:
    assert allowed(UpstreamSettings, ("dialect",)) == "one of openai, anthropic, gemini, raw"


def test_every_setting_can_be_described() -> None:
    for leaf in leaves(Settings):
        assert "None" not in allowed(Settings, leaf.path), leaf.key


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "number", "minimum": 0, "maximum": 1}, "a number from 0 to 1"),
        ({"type": "number", "minimum": 0.5}, "a number, at least 0.5"),
        ({"type": "integer", "maximum": 9}, "a whole number, at most 9"),
        ({"type": "integer"}, "a whole number"),
        ({"type": "number", "exclusiveMinimum": 0}, "a number above 0"),
        ({"anyOf": [{"type": "boolean"}, {"type": "string"}]}, "true or false or text"),
    ],
)
def test_bounds(schema: dict[str, object], words: str) -> None:
    assert describe(schema) == words

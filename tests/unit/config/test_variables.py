from config.settings import Settings
from config.variables import Leaf, leaves, nearest


def leaf(key: str) -> Leaf:
    return next(each for each in leaves(Settings) if each.key == key)


def test_a_setting_of_a_section_is_joined_by_two_underscores() -> None:
    assert leaf("kafka.bootstrap_servers").variable == "TAILRACE_KAFKA__BOOTSTRAP_SERVERS"
    assert leaf("role").variable == "TAILRACE_ROLE"


def test_every_variable_is_one_setting() -> None:
    variables = [each.variable for each in leaves(Settings)]
    assert len(variables) == len(set(variables))
    assert "TAILRACE_KAFKA" not in variables


def test_secrets_and_tables_are_told_apart() -> None:
    assert leaf("kafka.sasl_password").is_secret
    assert leaf("internal_token").is_secret
    assert not leaf("kafka.sasl_username").is_secret
    assert [each.key for each in leaves(Settings) if each.is_table] == [
        "upstreams",
        "sample.tenants",
    ]
    assert set(leaf("upstreams").entries.model_fields) == {
        *("base_url", "dialect", "include_usage")
    }


def test_a_value_is_read_at_its_path() -> None:
    assert leaf("web.port").value_in(Settings()) == 6066


def test_every_setting_has_a_description() -> None:
    assert [each.key for each in leaves(Settings) if not each.info.description] == []


def test_the_nearest_name() -> None:
    assert nearest("TAILRACE_ROEL", ["TAILRACE_ROLE", "TAILRACE_EPOCH"]) == "TAILRACE_ROLE"
    assert nearest("xyz", ["TAILRACE_ROLE"]) is None

import json
from pathlib import Path

import pytest

from config import Settings, SettingsError, load_settings
from config.loading import KNOWN, load


def write(path: Path, text: str) -> dict[str, str]:
    file = path / "tailrace.toml"
    file.write_text(text, encoding="utf-8")
    return {"TAILRACE_CONFIG": str(file)}


def test_without_anything_the_defaults_hold() -> None:
    assert load_settings({}) == Settings()
    assert load({}).sources == {}


def test_variables_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    environ = write(tmp_path, 'role = "proxy"\n[web]\nport = 7000\nbind = "0.0.0.0"\n')
    loaded = load({**environ, "TAILRACE_WEB__PORT": "7001"})
    assert loaded.settings.role == "proxy"
    assert (loaded.settings.web.bind, loaded.settings.web.port) == ("0.0.0.0", 7001)
    assert loaded.settings.web.keepalive_s == Settings().web.keepalive_s
    file = f"file {environ['TAILRACE_CONFIG']}"
    assert loaded.sources == {
        "TAILRACE_ROLE": file,
        "TAILRACE_WEB__BIND": file,
        "TAILRACE_WEB__PORT": "variable",
    }


def test_overrides_win_over_variables() -> None:
    loaded = load({"TAILRACE_WEB__PORT": "7001"}, {"TAILRACE_WEB__PORT": "7002"})
    assert loaded.settings.web.port == 7002
    assert loaded.sources == {"TAILRACE_WEB__PORT": "command line"}


def test_the_environment_of_the_process_is_read_where_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAILRACE_WEB__PORT", "7003")
    assert load_settings().web.port == 7003


def test_an_empty_variable_counts_as_not_set() -> None:
    environ = {
        "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "",
        "TAILRACE_DATA_DIR": "",
        "TAILRACE_CONFIG": "",
    }
    assert load_settings(environ) == Settings()


SECRETS = sorted(leaf.variable for leaf in KNOWN.values() if leaf.is_secret)
BOTH_KEYS = {"TAILRACE_S3__ACCESS_KEY_ID": "a", "TAILRACE_S3__SECRET_ACCESS_KEY": "b"}


@pytest.mark.parametrize("variable", SECRETS)
@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_secret_is_refused_wherever_it_comes_from(
    tmp_path: Path, variable: str, blank: str
) -> None:
    """Whoever says nothing would be trusted."""
    others = {name: value for name, value in BOTH_KEYS.items() if name != variable}
    by_file = write(tmp_path, f"{KNOWN[variable].key} = {json.dumps(blank)}\n")
    # An empty variable counts as not set.
    for said in [by_file, {variable: blank}] if blank else [by_file]:
        with pytest.raises(SettingsError, match=f"^{variable}.*: allowed "):
            load_settings({**others, **said})


def test_upstreams_come_as_json_or_as_a_table_of_the_file(tmp_path: Path) -> None:
    as_json = '{"vllm": {"base_url": "http://host:8000", "dialect": "openai"}}'
    by_variable = load_settings({"TAILRACE_UPSTREAMS": as_json})
    text = '[upstreams.vllm]\nbase_url = "http://host:8000"\ndialect = "openai"\n'
    assert by_variable == load_settings(write(tmp_path, text))
    assert by_variable.upstreams["vllm"].base_url == "http://host:8000"


def test_what_is_not_ours_is_left_alone() -> None:
    ours = {
        "TAILRACE_REQUIRE_KAFKA": "1",
        "TAILRACE_REQUIRE_BROWSER": "1",
        "TAILRACE_COMPILED": "1",
    }
    assert load_settings({"PATH": "/bin", **ours}) == Settings()


def test_an_unknown_variable_names_the_nearest_one() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"TAILRACE_KAFKA__PARTITONS": "3"})
    assert str(caught.value) == (
        "TAILRACE_KAFKA__PARTITONS: no such setting; did you mean TAILRACE_KAFKA__PARTITIONS?"
    )


def test_an_unknown_variable_like_no_other_names_the_reference() -> None:
    with pytest.raises(SettingsError, match=r"no such setting; see config/reference/settings\.md$"):
        load_settings({"TAILRACE_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ": "3"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[kafka]\npartitons = 3\n", "kafka.partitons: no such setting; did you mean kafka.partit"),
        ("kafka = 3\n", "kafka: no such setting"),
        ("kafka =\n", "not TOML: "),
        ("[kafka]\npartitions = 0\n", "allowed is a whole number from 1 to 1024"),
        ("[upstreams.a]\nbase_url = 'x'\n", "TAILRACE_UPSTREAMS a.base_url='x' (in file "),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_its_path(
    tmp_path: Path, text: str, said: str
) -> None:
    environ = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    line = str(caught.value)
    assert said in line
    assert environ["TAILRACE_CONFIG"] in line
    assert "\n" not in line


@pytest.mark.parametrize("make", ["missing", "folder", "binary"])
def test_a_file_that_cannot_be_read(tmp_path: Path, make: str) -> None:
    path = tmp_path / make
    if make == "folder":
        path.mkdir()
    elif make == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"^TAILRACE_CONFIG=.*: cannot be read: \w"):
        load_settings({"TAILRACE_CONFIG": str(path)})


def test_a_table_that_is_not_json() -> None:
    with pytest.raises(SettingsError, match=r"^TAILRACE_UPSTREAMS='\{x': not JSON"):
        load_settings({"TAILRACE_UPSTREAMS": "{x"})


def test_every_known_variable_can_be_set_alone() -> None:
    effective = Settings().environment()
    for variable in KNOWN.keys() & effective.keys():
        assert load({variable: effective[variable]}).sources == {variable: "variable"}

import pytest

from config import SettingsError, load_settings
from config.faust_options import told_to_faust

FAUST = ["/venv/bin/faust", "-A", "app.main"]


@pytest.mark.parametrize(
    "options",
    [
        ["-l", "info", "--web-port", "6067", "--web-bind", "::1"],
        ["--web-port=6067", "--web-bind=::1", "--without-web"],
        ["-p", "6067", "-b", "::1", "-l", "info"],
        ["-p6067", "-b::1"],
    ],
)
def test_what_faust_is_told_is_a_setting(options: list[str]) -> None:
    told = told_to_faust([*FAUST, "worker", *options])
    assert told == {"TAILRACE_WEB__PORT": "6067", "TAILRACE_WEB__BIND": "::1"}
    assert load_settings({"TAILRACE_WEB__PORT": "1"}, told).own_url == "http://[::1]:6067"


@pytest.mark.parametrize(
    "argv",
    [
        [*FAUST, "worker", "-l", "info"],
        [*FAUST, "worker", "--web-port"],
        [*FAUST, "send", "-p", "6067", "topic"],
        ["-c"],
    ],
)
def test_nothing_told_is_nothing_set(argv: list[str]) -> None:
    assert told_to_faust(argv) == {}


def test_open_to_the_network_is_refused_however_it_is_said() -> None:
    told = told_to_faust([*FAUST, "worker", "--web-bind", "0.0.0.0"])
    with pytest.raises(SettingsError, match=r"ACCESS__MODE=open: .* not on 0\.0\.0\.0"):
        load_settings({"TAILRACE_ACCESS__MODE": "open"}, told)


def test_another_host_name_is_refused_with_the_setting_that_is_meant() -> None:
    with pytest.raises(SettingsError, match=r"--web-host worker-1: .*TAILRACE_CANONICAL_URL"):
        told_to_faust([*FAUST, "worker", "--web-host", "worker-1"])

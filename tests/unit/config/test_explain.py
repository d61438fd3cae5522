from pathlib import Path

import pytest

from config import SettingsError
from config.explain import explain, shown
from config.loading import KNOWN


def by_variable(lines: list[str]) -> dict[str, str]:
    return {line.split(" = ")[0].strip(): line.split(" = ", 1)[1] for line in lines}


def test_one_line_per_setting_with_its_source(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text('role = "proxy"\n')
    lines = by_variable(explain({"TAILRACE_CONFIG": str(file), "TAILRACE_WEB__PORT": "7000"}))
    assert lines.keys() == KNOWN.keys()
    assert lines["TAILRACE_ROLE"] == f"proxy  # file {file}"
    assert lines["TAILRACE_WEB__PORT"] == "7000  # variable"
    assert lines["TAILRACE_WEB__BIND"] == "127.0.0.1  # default"
    assert lines["TAILRACE_EPOCH"] == "(unset)  # default"
    assert lines["TAILRACE_MOCK__ENABLED"] == "true  # default"


def test_secrets_are_masked_in_urls_too() -> None:
    text = "\n".join(
        explain(
            {
                "TAILRACE_INTERNAL_TOKEN": "hunter2",
                "TAILRACE_ANALYTICS__URL": "clickhouse://u:hunter2@h/db",
                "TAILRACE_UPSTREAMS": '{"a": {"base_url": "http://u:hunter2@h"}}',
            }
        )
    )
    assert "hunter2" not in text
    assert '"base_url": "http://********@h"' in text


def test_lines_are_aligned() -> None:
    assert len({line.index(" = ") for line in explain({})}) == 1


def test_a_mistake_stops_it() -> None:
    with pytest.raises(SettingsError):
        explain({"TAILRACE_ROLE": "x"})


def test_shown() -> None:
    assert shown(None) == "(unset)"
    assert shown(False) == "false"

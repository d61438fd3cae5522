import pytest

from app.cli import main


def test_prints_every_setting_masked_with_its_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAILRACE_INTERNAL_TOKEN", "hunter2")
    monkeypatch.setenv("TAILRACE_WEB__PORT", "7000")
    assert main(["config"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["TAILRACE_INTERNAL_TOKEN", "=", "********", "#", "variable"] in lines
    assert ["TAILRACE_WEB__PORT", "=", "7000", "#", "variable"] in lines
    assert ["TAILRACE_WEB__BIND", "=", "127.0.0.1", "#", "default"] in lines


def test_a_wrong_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAILRACE_WEB__PORT", "no")
    assert main(["config"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tailrace: TAILRACE_WEB__PORT='no': allowed is")

"""Log lines as JSON and as text, with libraries kept quiet."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from app.logs import JsonFormatter, set_up_logging


@pytest.fixture(autouse=True)
def _root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = list(root.handlers), root.level, sys.excepthook
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    sys.excepthook = hook
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_line_has_its_message_and_traceback() -> None:
    """One object per line, whatever the message holds."""
    try:
        raise ValueError("x")
    except ValueError:
        record = logging.LogRecord("n", logging.ERROR, "f", 1, 'a "b" %s', ("c",), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    parsed = json.loads(line)
    assert parsed["message"] == 'a "b" c'
    assert parsed["level"] == "ERROR"
    assert "ValueError: x" in parsed["traceback"]


def test_our_lines_go_to_stderr_and_libraries_only_warn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At INFO, faust's own INFO lines are left out; at DEBUG nothing is."""
    set_up_logging("INFO", "text")
    logging.getLogger("app.x").info("ours")
    logging.getLogger("faust.x").info("theirs")
    logging.getLogger("faust.x").warning("their warning")
    err = capsys.readouterr().err
    assert "ours" in err
    assert "theirs" not in err
    assert "their warning" in err


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_and_no_traceback_holds_a_credential(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither what is known from the settings nor what looks like a key, whoever logs it."""
    set_up_logging("INFO", form, ["the canary sings"])
    log = logging.getLogger("lib.x")
    log.warning("%s and sk-canary-0123456789ab", "the canary sings")
    log.warning("wrong arguments %d", "the canary sings")
    try:
        raise ValueError("the canary sings in https://u:canary@host/?key=canary")
    except ValueError:
        log.exception("failed")
        kind, error, traceback = sys.exc_info()
    assert kind is not None
    assert error is not None
    sys.excepthook(kind, error, traceback)
    err = capsys.readouterr().err
    assert "canary" not in err
    assert err.count("ValueError: *** in") == 2
    assert "a log line that cannot be made: TypeError" in err

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
    handlers, level = list(root.handlers), root.level
    yield
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

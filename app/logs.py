"""Our own log lines, as text or as JSON, on stderr; no line of any logger holds a credential."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from app.redaction import Redactor

NOISY = ("aiokafka", "faust", "mode", "asyncio", "botocore", "kafka")


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def redact_logs(secrets: Iterable[str] = ()) -> None:
    """From now on lines and tracebacks of every logger are free of credentials and of `secrets`.

    They are cleaned when they are made, so whatever handlers a library adds get clean ones.
    """
    redact = Redactor(secrets)

    def clean_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        try:
            record.msg, record.args = redact(record.getMessage()), None
        except Exception as exc:  # noqa: BLE001 - told in the line: whoever logs must go on
            record.msg, record.args = f"a log line that cannot be made: {type(exc).__name__}", None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(clean_record)
    sys.excepthook = _log_the_last_words


def _log_the_last_words(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("tailrace").critical("stopped by", exc_info=(kind, error, traceback))


def set_up_logging(level: str, form: str, secrets: Iterable[str] = ()) -> None:
    """Send every log line of this process to stderr; libraries speak from WARNING on."""
    redact_logs(secrets)
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if form == "json" else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    if level != "DEBUG":
        for name in NOISY:
            logging.getLogger(name).setLevel(logging.WARNING)

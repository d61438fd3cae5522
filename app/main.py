"""The Faust application: `faust -A app.main worker`, or `tailrace worker`.

Importing this module reads the settings once; a wrong one ends the process with one line.
"""

import sys

from app.composition.host import Process
from app.errors import StartError
from app.logs import redact_logs
from config import SettingsError, load_settings
from config.faust_options import told_to_faust

EXIT_CANNOT_START = 2


def build() -> Process:
    """The process that the environment and Faust's options describe; exits with one line where it
    cannot be.
    """
    try:
        settings = load_settings(overrides=told_to_faust(sys.argv))
        redact_logs(settings.secrets())
        return Process(settings)
    except (StartError, SettingsError) as error:
        sys.stderr.write(f"tailrace: {error}\n")
        sys.exit(EXIT_CANNOT_START)


process = build()
app = process.host

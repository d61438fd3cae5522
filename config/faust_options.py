"""What Faust's command is told, as variables: `faust -A app.main worker --web-port 6067`.

Faust applies its options once the app is made, which is too late for all that depends on where the
process listens: the checks of the settings, and the address by which other workers know it.
"""

from argparse import ArgumentParser
from collections.abc import Sequence

from config.mistakes import SettingsError
from config.variables import PREFIX

COMMAND = "worker"


def told_to_faust(argv: Sequence[str]) -> dict[str, str]:
    """The overrides that `faust worker` is given; none for another command.

    Raises: SettingsError, for an option that has no meaning here.
    """
    if COMMAND not in argv:
        return {}
    given, _ = _parser().parse_known_args(argv[argv.index(COMMAND) + 1 :])
    if given.host is not None:
        raise SettingsError(
            f"--web-host {given.host}: not used; {PREFIX}CANONICAL_URL is how others reach a worker"
        )
    told = {f"{PREFIX}WEB__PORT": given.port, f"{PREFIX}WEB__BIND": given.bind}
    return {variable: value for variable, value in told.items() if value is not None}


def _parser() -> ArgumentParser:
    """Faust's options that say where it listens; one without its value is left to Faust."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--web-port", "-p", dest="port", nargs="?")
    parser.add_argument("--web-bind", "-b", dest="bind", nargs="?")
    parser.add_argument("--web-host", "-h", dest="host", nargs="?")
    return parser

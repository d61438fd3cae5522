"""The environments that child processes get; the parent's own is read nowhere else."""

import os
from collections.abc import Mapping

from config.variables import PREFIX

PLAIN = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "SSL_CERT_FILE")


def worker_environment(
    overrides: Mapping[str, str], environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Ours, with `overrides` (setting names without the prefix, e.g. KAFKA__PARTITIONS) on top."""
    given = os.environ if environ is None else environ
    return {**given, **{f"{PREFIX}{name}": value for name, value in overrides.items()}}


def plain_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What any program needs to run, and nothing that would configure it behind our back."""
    given = os.environ if environ is None else environ
    return {name: given[name] for name in PLAIN if name in given}

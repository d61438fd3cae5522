"""The reference of the settings, from the settings tree itself."""

from inspect import getdoc
from itertools import groupby

from app.reference.markdown import code, page, table
from config.allowed import allowed
from config.sections import UpstreamSettings
from config.settings import Settings, in_text
from config.variables import FILE_VARIABLE, Leaf, leaves

HEADINGS = ("variable", "default", "allowed", "meaning")
INTRO = f"""
Settings are read once, at the start: `TAILRACE_…` variables win over the TOML file that
`{FILE_VARIABLE}` names, and that wins over the defaults. In the file, `TAILRACE_WEB__PORT` is
`port` in the table `[web]`. An empty variable counts as not set. Any other variable that begins
with `TAILRACE_` stops the start, except `TAILRACE_REQUIRE_KAFKA` and `TAILRACE_REQUIRE_BROWSER`,
which are the test suite's: set, a test that needs Apache Kafka or Chromium fails where it cannot
have one. `tailrace config` prints the effective
settings and where each came from. Units are in the names: `_s` seconds, `_bytes` bytes.
"""


def render_settings() -> str:
    """The whole page: one table for the top, one per section, one for an upstream's entry."""
    parts = [INTRO]
    for section, group in groupby(sorted(leaves(Settings), key=_order), key=_section):
        parts += _heading(section)
        parts.append(table(HEADINGS, map(_row, group)))
    parts += [f"## An entry of `TAILRACE_UPSTREAMS`\n\n{getdoc(UpstreamSettings)}", _entry()]
    return page("Settings", *parts)


def _section(leaf: Leaf) -> str:
    return leaf.path[0] if len(leaf.path) > 1 else ""


def _order(leaf: Leaf) -> bool:
    """Settings without a section first, then each section as it is declared."""
    return len(leaf.path) > 1


def _heading(section: str) -> list[str]:
    if not section:
        return []
    return [f"## {section}\n\n{getdoc(Settings.model_fields[section].annotation)}"]


def _row(leaf: Leaf) -> tuple[str, str, str, str]:
    default = leaf.info.get_default(call_default_factory=True)
    shown = "unset" if default is None else code(in_text(default))
    return (
        code(leaf.variable),
        shown,
        _allowed_in_code(allowed(Settings, leaf.path)),
        str(leaf.info.description),
    )


def _entry() -> str:
    """What one upstream's entry holds."""
    rows = [
        (
            code(name),
            "required" if info.is_required() else code(str(info.default)),
            _allowed_in_code(allowed(UpstreamSettings, (name,))),
            str(info.description),
        )
        for name, info in UpstreamSettings.model_fields.items()
    ]
    return table(("key", *HEADINGS[1:]), rows)


def _allowed_in_code(words: str) -> str:
    """A pattern is code; words are words."""
    before, matching, pattern = words.partition("matching ")
    return before + matching + code(pattern)

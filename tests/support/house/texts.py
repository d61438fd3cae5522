"""Machine paths, registry hosts and pages outside of the repository, in any tracked file.

The patterns are put together from pieces, so that this file does not complain about itself.
"""

import re
from collections.abc import Mapping

HOMES = ("work", "home", "Users", "root")
HOSTS = (
    ("pypi", "org"),
    ("python" + "hosted", "org"),
    (".".join(("repo1?", "maven")), "org"),
    (".".join(("repo", "maven", "apache")), "org"),
    ("npmjs", "(org|com)"),
    ("docker", "io"),
    ("ghcr", "io"),
    ("quay", "io"),
    ("gcr", "io"),
    ("anaconda", "org"),
    ("golang", "org"),
)
MACHINE_PATH = re.compile(rf"(?<![\w.~/}}$-])/({'|'.join(HOMES)})/\w")
REGISTRY = re.compile("|".join(rf"\b{name}\.{top}\b" for name, top in HOSTS))
INDEX = re.compile("--(extra-)?" + "index" + "-url|--find-" + "links")
ELSEWHERE = re.compile(r"\bshared/(design|reference)\b|\bdesign" + r"\.md\b")
RULES = {
    "a machine path": MACHINE_PATH,
    "a registry's host": REGISTRY,
    "an index": INDEX,
    "a page that no reader has": ELSEWHERE,
}


def foreign_places(texts: Mapping[str, str]) -> list[str]:
    """Lines of files that name a place which exists on one machine or network only."""
    return [
        f"{name}:{number} names {what}: {found.group()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in RULES.items()
        if (found := pattern.search(line))
    ]

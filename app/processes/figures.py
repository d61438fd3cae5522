"""The metrics of several processes as one text, each sample labelled with its process (sans-I/O).

Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/): the lines of
a family lie together, after its HELP and TYPE, which may come once.
"""

from collections.abc import Iterator, Mapping

UP = "tailrace_process_up"
LABEL = "process"
ABOUT_UP = (
    f"# HELP {UP} 1 for a process that shares the port and told its metrics, 0 for one that did not"
    f"\n# TYPE {UP} gauge\n"
)


def merged(texts: Mapping[int, str | None]) -> str:
    """One text; None for a process that did not answer, of which nothing but that is said."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for number, text in sorted(texts.items()):
        for family, line in _lines(text or ""):
            if line.startswith("#"):
                head = heads.setdefault(family, [])
                if line not in head:
                    head.append(line)
            else:
                samples.setdefault(family, []).append(labelled(line, number))
    for number, text in sorted(texts.items()):
        samples.setdefault(UP, []).append(f'{UP}{{{LABEL}="{number}"}} {int(text is not None)}.0')
    families = [
        "".join(f"{line}\n" for line in (*heads.get(family, ()), *lines))
        for family, lines in samples.items()
        if family != UP
    ]
    up = "".join(f"{line}\n" for line in samples[UP])
    return "".join(families) + ABOUT_UP + up


def labelled(line: str, number: int) -> str:
    """A sample with the label of its process in front of its others."""
    name, brace, rest = line.partition("{")
    if brace and " " not in name:
        return f'{name}{{{LABEL}="{number}"{"" if rest.startswith("}") else ","}{rest}'
    name, _, value = line.partition(" ")
    return f'{name}{{{LABEL}="{number}"}} {value}'


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the family it belongs to: that of the HELP or TYPE above it."""
    family = ""
    for line in text.split("\n"):
        if line.startswith(("# HELP ", "# TYPE ")):
            family = line.split(" ", 3)[2]
        if line:
            yield family, line

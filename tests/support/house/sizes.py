"""Lines of modules and functions."""

from tests.support.house.sources import Source

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_SHELL_LINES = 20


def long_modules(source: Source, most: int = MAX_MODULE_LINES) -> list[str]:
    """A module over the limit."""
    lines = len(source.text.splitlines())
    return [f"{source.path} has {lines} lines, at most {most}"] if lines > most else []


def long_functions(source: Source, most: int = MAX_FUNCTION_LINES) -> list[str]:
    """Functions over the limit, from `def` to the last line; decorators do not count."""
    complaints = []
    for node in source.functions:
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > most:
            complaints.append(f"{source.at(node)} {node.name} has {lines} lines, at most {most}")
    return complaints


def long_shells(source: Source, most: int = MAX_SHELL_LINES) -> list[str]:
    """Agents' shells, the functions `register`, over their own limit."""
    return [line for line in long_functions(source, most) if " register has " in line]

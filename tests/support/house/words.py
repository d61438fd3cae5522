"""Docstrings and maps; file names that say nothing; names that nobody uses."""

import ast
import re
from collections.abc import Iterable, Iterator

from tests.support.house.sources import Source

SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|common|misc|stuff)(_|$)")
MIN_MAP_LINES = 3
Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def missing_maps(source: Source) -> list[str]:
    """A package whose docstring is too short to be its map."""
    if not source.is_package:
        return []
    lines = len((ast.get_docstring(source.tree) or "").splitlines())
    if lines >= MIN_MAP_LINES:
        return []
    return [f"{source.path}: the docstring has {lines} lines; a map has {MIN_MAP_LINES} or more"]


def missing_docstrings(source: Source) -> list[str]:
    """A module, public class, or public function or method without a docstring."""
    complaints = []
    if ast.get_docstring(source.tree) is None:
        complaints.append(f"{source.path}:1 the module has no docstring")
    complaints += [
        f"{source.at(node)} {node.name} has no docstring"
        for node in _public(source.tree)
        if ast.get_docstring(node) is None and not _is_overload(node)
    ]
    return complaints


def vague_names(source: Source) -> list[str]:
    """A file or folder whose name says nothing about what is in it."""
    parts = source.path.with_suffix("").parts
    vague = [part for part in parts if SAYS_NOTHING.search(part)]
    return [f"{source.path}: {part!r} says nothing; name the concept" for part in vague]


def unread_fields(fields: Iterable[str], code: Iterable[Source]) -> list[str]:
    """Names, the last of a dotted one, that no source reads as an attribute."""
    read = {
        node.attr
        for source in code
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
    }
    return [f"nobody reads {name}" for name in fields if name.rpartition(".")[2] not in read]


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    """Public classes and functions, and those of public classes; nothing inside functions."""
    for node in tree.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def _is_overload(node: Documented) -> bool:
    return any(getattr(each, "id", "") == "overload" for each in node.decorator_list)

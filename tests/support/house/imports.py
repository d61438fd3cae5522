"""Which folder may import which; nobody imports the composition root.

Stricter than import-linter in two points: it sees names given to `import_module`, and it tells
which line it was.
"""

import ast
from collections.abc import Iterator

from tests.support.house.sources import PACKAGES, Source

MAY_IMPORT = {
    "config": {"config"},
    "app": {"app", "config"},
    "tables": {"tables", "app", "config"},
    "agents": {"agents", "tables", "app", "config"},
    "proxy": {"proxy", "app", "config"},
}
ROOT = ("app.main", "app.__main__", "app.cli", "app.composition")
DYNAMIC = {"import_module", "__import__", "find_spec"}


def in_root(module: str) -> bool:
    """Whether a module belongs to the composition root."""
    return any(module == root or module.startswith(f"{root}.") for root in ROOT)


def imported(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every module that a source names in an import, with the node."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in DYNAMIC and node.args:
            yield node, _literal(node.args[0])


def forbidden_imports(source: Source) -> list[str]:
    """Imports against the folder rules."""
    if in_root(source.module):
        return []
    allowed = MAY_IMPORT[source.module.partition(".")[0]]
    complaints = []
    for node, name in imported(source):
        folder = name.partition(".")[0]
        if folder in {*PACKAGES, "tests"} and folder not in allowed:
            complaints.append(f"{source.at(node)} imports {name}: not from {source.module}")
        elif in_root(name):
            complaints.append(f"{source.at(node)} imports {name}: the composition root is the top")
    return complaints


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    above = source.module.split(".") + (["__init__"] if source.is_package else [])
    return ".".join([*above[: -node.level], *filter(None, [node.module])])


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _literal(node: ast.expr) -> str:
    """The text, or the beginning of an f-string."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = next(iter(node.values))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

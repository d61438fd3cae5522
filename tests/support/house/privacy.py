"""Private names of other objects: the engine alone may use those of Faust, Mode and aiokafka.

What type an object has cannot be seen, so the rule is stricter: outside the engine nobody reads or
sets `other._name`, whatever `other` is, except itself, its class and its parent.
"""

import ast
from collections.abc import Iterator

from tests.support.house.sources import Source

ENGINE = "app.engine"
OWN = {"self", "cls"}
TUPLE_API = {"_replace", "_asdict", "_fields", "_make"}
TYPES_ONLY = {"zlib._Decompress"}
"""The only names that typeshed has for some types of the standard library."""
BY_NAME = {"getattr", "setattr", "hasattr", "delattr"}


def private_names(source: Source) -> list[str]:
    """Uses of private names outside the engine."""
    if f"{source.module}.".startswith(f"{ENGINE}."):
        return []
    uses = sorted(_uses(source.tree), key=lambda use: getattr(use[0], "lineno", 0))
    return [f"{source.at(node)} uses the private name {name}" for node, name in uses]


def is_private(name: str) -> bool:
    """Whether a name begins with an underscore and is no dunder or part of a tuple's API."""
    return name.startswith("_") and not name.endswith("__") and name not in TUPLE_API


def _uses(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            name = ast.unparse(node)
            if not _is_own(node.value) and name not in TYPES_ONLY:
                yield node, name
        elif isinstance(node, ast.Call):
            yield from _by_name(node)
        elif isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from ((node, name) for name in names if is_private(name))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from ((node, name) for name in alias.name.split(".") if is_private(name))


def _is_own(owner: ast.expr) -> bool:
    """`self`, `cls`, `super()` and `type(self)`."""
    if isinstance(owner, ast.Name):
        return owner.id in OWN
    if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name):
        of_self = [arg for arg in owner.args if isinstance(arg, ast.Name) and arg.id in OWN]
        return owner.func.id == "super" or (owner.func.id == "type" and bool(of_self))
    return False


def _by_name(call: ast.Call) -> Iterator[tuple[ast.AST, str]]:
    """`getattr(other, "_name")` and the like."""
    if not isinstance(call.func, ast.Name) or call.func.id not in BY_NAME or len(call.args) < 2:
        return
    owner, name = call.args[:2]
    text = name.value if isinstance(name, ast.Constant) else None
    if isinstance(text, str) and is_private(text) and not _is_own(owner):
        yield call, text

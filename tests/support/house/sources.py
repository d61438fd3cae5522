"""A source file: its path, its module name, its text and tree."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

REPO = Path(__file__).resolve().parents[3]
MADE = {".git", ".venv", ".tailrace", "build", "__pycache__", ".pytest_cache", ".mypy_cache"}
MADE |= {".ruff_cache", ".hypothesis", ".import_linter_cache", "tailrace.egg-info"}
PACKAGES = ("config", "app", "tables", "agents", "proxy")


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the repository."""

    path: PurePosixPath
    text: str

    @property
    def module(self) -> str:
        """The dotted name, e.g. `app.record.model`; a package's is that of its folder."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__.py` of a package."""
        return self.path.name == "__init__.py"

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, str(self.path))

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function at any depth."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def at(self, node: ast.AST) -> str:
        """Where a node is, as `path:line`."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def sample(path: str, text: str = "") -> Source:
    """A source that lies in no file, for tests of the rules."""
    return Source(PurePosixPath(path), text)


def sources(*folders: str) -> list[Source]:
    """The Python files below folders of the repository, in order."""
    paths = [path for folder in folders for path in sorted((REPO / folder).rglob("*.py"))]
    return [
        Source(PurePosixPath(path.relative_to(REPO)), path.read_text(encoding="utf-8"))
        for path in paths
    ]


def tracked_texts() -> dict[str, str]:
    """Every text file that belongs to the repository, by its path."""
    texts = {}
    for name in sorted(_tracked()):
        path = REPO / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            texts[name] = content.decode("utf-8", "replace")
    return texts


def _tracked() -> list[str]:
    """What git tracks or would track; without git, what no tool has made."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=REPO, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        below = (path.relative_to(REPO) for path in REPO.rglob("*") if path.is_file())
        return [str(path) for path in below if not MADE.intersection(path.parts)]
    return [name for name in listed.decode().split("\0") if name]

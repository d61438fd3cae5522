"""Names of the variables: which setting of the tree each of them sets.

`TAILRACE_KAFKA__PARTITIONS` is the field `partitions` of the section `kafka`. A table of several
entries (`TAILRACE_UPSTREAMS`) is one variable, in JSON.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

PREFIX = "TAILRACE_"
FILE_VARIABLE = f"{PREFIX}CONFIG"
NOT_SETTINGS = frozenset(
    {
        FILE_VARIABLE,
        f"{PREFIX}COMPILED",
        f"{PREFIX}REQUIRE_BROWSER",
        f"{PREFIX}REQUIRE_COMPILER",
        f"{PREFIX}REQUIRE_KAFKA",
    }
)
"""The file's own name, and what only `setup.py` and the test suite read."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """One setting: its place in the tree and pydantic's description of the field."""

    path: Path
    info: FieldInfo

    @property
    def variable(self) -> str:
        """The variable that sets it."""
        return PREFIX + "__".join(self.path).upper()

    @property
    def key(self) -> str:
        """Its key in a TOML file, dotted."""
        return ".".join(self.path)

    @property
    def is_secret(self) -> bool:
        """Whether its value must never be shown."""
        return SecretStr in (self.info.annotation, *get_args(self.info.annotation))

    @property
    def is_table(self) -> bool:
        """Whether it holds several named entries, written as JSON in a variable."""
        return get_origin(self.info.annotation) is dict

    @property
    def entries(self) -> type[BaseModel]:
        """The model of a table's entries."""
        model: type[BaseModel] = get_args(self.info.annotation)[1]
        return model

    def value_in(self, tree: Any) -> Any:
        """Its value in a settings tree, or in any part of one that has the path."""
        for name in self.path:
            tree = getattr(tree, name)
        return tree


def leaves(model: type[BaseModel], path: Path = ()) -> Iterator[Leaf]:
    """Every setting below a model, sections unfolded, in the order of their declaration."""
    for name, info in model.model_fields.items():
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from leaves(annotation, (*path, name))
        else:
            yield Leaf((*path, name), info)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like a mistyped one, or None where none is."""
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)

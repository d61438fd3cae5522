"""Conditions on rows, and the values they are bound to: the only way into a WHERE."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Conditions:
    """Texts that all have to hold; what came from outside is in `parameters` alone."""

    texts: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)

    def add(self, text: str, kind: str | None = None, value: Any = None) -> None:
        """One more; `%s` in it stands for the value, bound as a parameter of this type."""
        if kind is not None:
            text = text.replace("%s", self.bind(kind, value))
        self.texts.append(text)

    def bind(self, kind: str, value: Any) -> str:
        """A placeholder of ClickHouse for a value of this type."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    @property
    def where(self) -> str:
        """The text after WHERE."""
        return " AND ".join(self.texts)


def at_ms(conditions: Conditions, ms: int) -> str:
    """A time as an expression, exact to the millisecond."""
    return f"fromUnixTimestamp64Milli({conditions.bind('Int64', ms)}, 'UTC')"


Parameters = Mapping[str, Any]

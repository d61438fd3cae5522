"""Markdown as all reference pages use it."""

import re
from collections.abc import Iterable, Sequence

ALIGNED = re.compile(r"\S {2,}\S")
NOTICE = "Generated from the code by `tailrace docs`; changes here are lost."


def page(title: str, *parts: str) -> str:
    """A page: title, notice and parts with a blank line between; one final newline."""
    return "\n\n".join([f"# {title}", NOTICE, *(part.strip() for part in parts)]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars in cells are escaped and line ends become spaces."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """The text as inline code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def prose(docstring: str | None) -> str:
    """A docstring as Markdown: a paragraph that is aligned by spaces stays as it is written."""
    paragraphs = (docstring or "").split("\n\n")
    return "\n\n".join(
        f"```text\n{each}\n```" if ALIGNED.search(each) else each for each in paragraphs
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

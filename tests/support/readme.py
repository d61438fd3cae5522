"""The code blocks of a Markdown page, and what is to be done with them.

Before each `sh` block stands a comment, on a line of its own:

    <!-- test: run -->             it is run on the embedded stack and must exit with 0
    <!-- test: skip <reason> -->   it is not run, for that reason

`<!-- test: output -->` before a block of any language says that this is what the block run last
prints, line by line; a line `…` stands for any lines, `…` within a line for any text. A `python`
block may have the same comments; without one it is only compiled.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^```(\w*)\s*$")
MARK = re.compile(r"^<!-- test: (run|skip|output)\b ?(.*?) ?-->$")
ANY = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text, where it begins and its mark."""

    language: str
    text: str
    line: int
    mark: str | None = None
    reason: str = ""


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page in order. Raises: ValueError for one that never ends."""
    lines = iter(enumerate(page.splitlines(), 1))
    mark: re.Match[str] | None = None
    for number, line in lines:
        fence = FENCE.match(line)
        if fence is None:
            mark = MARK.match(line) or (mark if not line.strip() else None)
            continue
        body = []
        for _, inner in lines:
            if inner.rstrip() == "```":
                break
            body.append(inner)
        else:
            raise ValueError(f"line {number}: the block never ends")
        named = mark.groups() if mark else (None, "")
        yield Block(fence[1], "\n".join(body) + "\n", number, named[0], named[1] or "")
        mark = None


def unmarked(page: str) -> list[str]:
    """Shell blocks that no comment says what to do with, and skips without a reason."""
    wrong = []
    for block in blocks(page):
        if block.language in {"sh", "bash", "shell", "console"} and block.mark is None:
            wrong.append(f"line {block.line}: the block needs <!-- test: run --> or … skip …")
        if block.mark == "skip" and not block.reason:
            wrong.append(f"line {block.line}: a skip needs its reason")
    return wrong


def to_run(page: str) -> list[tuple[Block, str | None]]:
    """The blocks to run, in order, each with the output that the page promises."""
    found: list[tuple[Block, str | None]] = []
    for block in blocks(page):
        if block.mark == "run":
            found.append((block, None))
        elif block.mark == "output":
            if not found or found[-1][1] is not None:
                raise ValueError(f"line {block.line}: no block before it prints this")
            found[-1] = (found[-1][0], block.text)
    return found


def prints(promised: str, actual: str) -> bool:
    """Whether the output is the promised one; `…` stands for anything."""
    pattern = ""
    for line in promised.strip().splitlines():
        if line.strip() == ANY:
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split(ANY))) + r"[ \t]*\n"
    return re.fullmatch(pattern, actual.strip() + "\n") is not None

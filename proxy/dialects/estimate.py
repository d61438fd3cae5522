"""Tokens counted by us where the provider's own count never came, as when a stream is cut.

One token is about four bytes of UTF-8: close for English, and near enough for other scripts, whose
characters take more bytes and more tokens. Such counts are always marked `estimated`.
"""

from typing import Any, Final

BYTES_PER_TOKEN: Final = 4
_TEXT_FIELDS: Final = frozenset(
    {
        *("content", "text", "arguments", "function", "tool_calls", "name", "parts", "output"),
        *("functionCall", "functionResponse"),
    }
)


def tokens(text_bytes: int) -> int:
    """About how many tokens so many bytes of text are."""
    return -(-text_bytes // BYTES_PER_TOKEN)


def estimated_usage(answer_bytes: int, asked_bytes: int | None) -> dict[str, int | bool]:
    """The usage of an exchange of which none was told; the prompt's is left out where unknown."""
    usage: dict[str, int | bool] = {"output": tokens(answer_bytes), "estimated": True}
    if asked_bytes is not None:
        usage["input"] = tokens(asked_bytes)
    return usage


def utf8_bytes(value: Any) -> int:
    """The length of a string in UTF-8, 0 for anything else."""
    if not isinstance(value, str):
        return 0
    return len(value) if value.isascii() else len(value.encode("utf-8", "replace"))


def prompt_bytes(messages: Any) -> int:
    """The text in a list of chat messages; images and other media count for nothing."""
    total_bytes = 0
    waiting = [messages]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            total_bytes += utf8_bytes(value)
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting += [each for name, each in value.items() if name in _TEXT_FIELDS]
    return total_bytes


def json_bytes(value: Any) -> int:
    """About how much text a value is; its names and strings alone are counted."""
    total_bytes, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
            total_bytes += sum(map(utf8_bytes, each))
        elif isinstance(each, list):
            waiting += each
        else:
            total_bytes += utf8_bytes(each)
    return total_bytes

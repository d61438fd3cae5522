from typing import Any

import pytest

from proxy.dialects.estimate import json_bytes, prompt_bytes, tokens, utf8_bytes


def test_four_bytes_are_a_token() -> None:
    assert [tokens(size) for size in (0, 1, 4, 5, 4000)] == [0, 1, 1, 2, 1000]


def test_utf8_bytes() -> None:
    assert [utf8_bytes(value) for value in ("abc", "é", "🎉", "", None, 5)] == [3, 2, 4, 0, 0, 0]


@pytest.mark.parametrize(
    ("messages", "size"),
    [
        ([{"role": "user", "content": "four"}], 4),
        ([{"content": [{"type": "text", "text": "abc"}, {"text": "de"}]}], 5),
        ([{"content": [{"type": "image_url", "image_url": {"url": "data:xxxx"}}]}], 0),
        ([{"tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]}], 3),
        ([{"content": None}, 7, None, "ab"], 2),
        (None, 0),
    ],
)
def test_prompt_bytes(messages: Any, size: int) -> None:
    assert prompt_bytes(messages) == size


def test_depth_does_not_matter() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [{"content": deep}]
    assert prompt_bytes(deep) == 1


def test_names_and_strings_of_any_value_are_text() -> None:
    assert json_bytes({"city": ["Oslo", 1, None, {"é": "x"}]}) == 11
    assert json_bytes(None) == 0

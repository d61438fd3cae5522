import json
from typing import Any

import pytest

from proxy.json_skim import MAX_KEPT_BYTES, MAX_MEMBER_BYTES, MAX_STRING_BYTES, JsonSkim

LONG = "x" * (MAX_STRING_BYTES + 1)
IMAGE = {"data": [{"b64_json": "iVBOR" * 50_000}], "usage": {"output_tokens": 4160}}
ESCAPED = 'He said "no\\n" \\ ' * 1000


def skimmed(document: Any, step: int) -> JsonSkim:
    data = json.dumps(document).encode()
    skim = JsonSkim()
    for at in range(0, len(data), step):
        skim.feed(data[at : at + step])
    return skim


@pytest.mark.parametrize("step", [1, 7, 4096, 10**7])
@pytest.mark.parametrize(
    ("document", "left"),
    [
        ({}, {}),
        ({"a": [1, {"b": "c"}], "d": None}, {"a": [1, {"b": "c"}], "d": None}),
        ({"a": 'q"\\', "b": "{[,"}, {"a": 'q"\\', "b": "{[,"}),
        ({"a": LONG, "b": 1}, {"a": "", "b": 1}),
        ({"messages": [{"content": ESCAPED}], "n": 1}, {"messages": [{"content": ""}], "n": 1}),
        (IMAGE, {"data": [{"b64_json": ""}], "usage": {"output_tokens": 4160}}),
    ],
)  # fmt: skip
def test_what_is_small_is_left(document: Any, left: Any, step: int) -> None:
    assert skimmed(document, step).document() == left


@pytest.mark.parametrize("step", [3, 5000, 10**7])
def test_a_member_of_many_parts_becomes_null(step: int) -> None:
    many = [{"role": "user", "content": f'n {at} "]}}"'} for at in range(2000)]
    skim = skimmed({"model": "m", "messages": many, "stream": True, "x": [1]}, step)
    left = skim.document()
    assert left.pop("") is None
    assert left == {"model": "m", "stream": True, "x": [1]}
    assert skim.long_text_bytes > MAX_MEMBER_BYTES


@pytest.mark.parametrize("step", [3, 5000, 10**7])
@pytest.mark.parametrize("size", [10, 30_000])
def test_within_an_object_the_large_members_alone_become_null(step: int, size: int) -> None:
    """As in the event that ends a stream of OpenAI's: the usage comes after all that was said."""
    output = [
        {"content": [{"text": "y" * size, "n": [[], {}]}]} for _ in range(4_000_000 // 30_000)
    ]
    output += [{"content": [{"text": '\\ "]}' * 9, "n": at}]} for at in range(1500)]
    response = {"id": "r", "metadata": {"a": "b"}, "output": output, "usage": {"total_tokens": 3}}
    left = skimmed({"type": "completed", "response": response, "x": [1]}, step).document()
    assert left["response"].pop("") is None
    assert left["response"] == {"id": "r", "metadata": {"a": "b"}, "usage": {"total_tokens": 3}}
    assert (left["type"], left["x"]) == ("completed", [1])


def test_an_object_of_very_many_small_members_becomes_null() -> None:
    many = {f"name {at}": "some text" for at in range(9000)}
    assert skimmed({"a": 1, "many": many, "b": 2}, 4096).document() == {"a": 1, "": None, "b": 2}


def test_long_text_is_counted_and_a_file_is_not() -> None:
    assert skimmed(IMAGE, 4096).long_text_bytes == 0
    words = "some words " * 1000
    assert skimmed({"a": words}, 4096).long_text_bytes == len(words)


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b"{", b'{"a": "b', b"}", b'{"a": }', b"\xff\xfe", b'"a"', b"{}}"]
)  # fmt: skip
def test_what_is_no_whole_object_is_nothing(data: bytes) -> None:
    skim = JsonSkim()
    skim.feed(data)
    assert not isinstance(skim.document(), dict)


@pytest.mark.parametrize("data", [b'{"a":"\\"', b"[" * 9000, b'{"k%d":"v",' * 90_000, b"\\" * 9000])
def test_memory_is_bounded(data: bytes) -> None:
    skim = JsonSkim()
    for _ in range(20):
        skim.feed(data)
    assert sum(map(len, skim._out)) <= MAX_KEPT_BYTES + MAX_MEMBER_BYTES + len(data)
    assert len(skim._held) <= 2 * MAX_STRING_BYTES + 2

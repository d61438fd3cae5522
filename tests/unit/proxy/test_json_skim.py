import json
from typing import Any

import pytest

from proxy.json_skim import ELEMENT_BYTES, EVENT_BYTES, FEW, MAX_STRING_BYTES, JsonSkim

LONG = "x" * (MAX_STRING_BYTES + 1)
IMAGE = {"data": [{"b64_json": "iVBOR" * 50_000}], "usage": {"output_tokens": 4160}}
CUT_OBJECT: dict[str, Any] = {"": None}
CUT_ARRAY = [CUT_OBJECT]
NUMBERS = [0.0123456789] * 4000
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
def test_a_member_of_many_parts_is_cut(step: int) -> None:
    many = [{"role": "user", "content": f'n {at} "]}}"'} for at in range(2000)]
    skim = skimmed({"model": "m", "messages": many, "stream": True, "x": [1]}, step)
    left = {"model": "m", "messages": CUT_ARRAY, "stream": True, "x": [1]}
    assert skim.document() == left
    assert skim.long_text_bytes > 2000 * len('n 1 "]}}')


@pytest.mark.parametrize("step", [3, 5000, 10**7])
@pytest.mark.parametrize("size", [10, 30_000])
def test_within_an_object_the_large_members_alone_are_cut(step: int, size: int) -> None:
    """As in the event that ends a stream of OpenAI's: the usage comes after all that was said."""
    output = [
        {"content": [{"text": "y" * size, "n": [[], {}]}]} for _ in range(4_000_000 // 30_000)
    ]
    output += [{"content": [{"text": '\\ "]}' * 9, "n": at}]} for at in range(1500)]
    response = {"id": "r", "metadata": {"a": "b"}, "output": output, "usage": {"total_tokens": 3}}
    left = skimmed({"type": "completed", "response": response, "x": [1]}, step).document()
    assert left["response"].pop("output") == CUT_ARRAY
    assert left["response"] == {"id": "r", "metadata": {"a": "b"}, "usage": {"total_tokens": 3}}
    assert (left["type"], left["x"]) == ("completed", [1])


def test_an_object_of_very_many_small_members_is_cut() -> None:
    many = {f"name {at}": "some text" for at in range(9000)}
    left = {"a": 1, "many": CUT_OBJECT, "b": 2}
    assert skimmed({"a": 1, "many": many, "b": 2}, 4096).document() == left


@pytest.mark.parametrize("step", [3, 5000, 10**7])
@pytest.mark.parametrize("many", [NUMBERS, [{"a": {"b": []}}] * 6000], ids=["flat", "nested"])
def test_the_innermost_are_cut_and_what_stands_beside_them_is_left(
    many: list[Any], step: int
) -> None:
    deep = {"content": {"parts": many, "role": "model"}, "chunks": many, "queries": ["a", "b"]}
    document = {"candidates": [deep | {"reason": "STOP"}], "usage": {"of": [{"tokens": 1}]}}
    found = {"content": {"parts": CUT_ARRAY, "role": "model"}, "chunks": CUT_ARRAY}
    left = {"candidates": [found | {"queries": ["a", "b"], "reason": "STOP"}]}
    assert skimmed(document, step).document() == left | {"usage": {"of": [{"tokens": 1}]}}


@pytest.mark.parametrize("step", [3, 5000, 10**7])
def test_of_a_few_elements_each_is_cut_by_itself(step: int) -> None:
    data = [{"index": at, "embedding": NUMBERS} for at in range(FEW)]
    left = [{"index": at, "embedding": CUT_ARRAY} for at in range(FEW)]
    assert skimmed({"data": data, "n": 1}, step).document() == {"data": left, "n": 1}


@pytest.mark.parametrize("step", [3, 5000, 10**7])
def test_many_small_elements_are_left_where_there_is_room(step: int) -> None:
    many = [{"type": "call", "id": at, "sources": [{"n": "]"}, []]} for at in range(300)]
    assert skimmed({"output": many, "text": LONG}, step).document() == {"output": many, "text": ""}


def test_a_short_string_without_room_is_counted_as_text() -> None:
    text = "x" * MAX_STRING_BYTES
    skim = skimmed({"a": [[text], "b"]}, 4096)
    assert skim.document() == {"a": [[""], "b"]}
    assert skim.long_text_bytes == len(text)


@pytest.mark.parametrize("width", [3, FEW, 40])
def test_what_is_left_is_never_more_than_was_asked_for(width: int) -> None:
    value: Any = "x" * ELEMENT_BYTES
    while len(json.dumps(value)) < 10 * EVENT_BYTES:
        value = {f"n{at}": [value] * width for at in range(width)}
    left = skimmed({"value": value, "usage": {"tokens": 1}}, 4096).document()
    assert left["usage"] == {"tokens": 1}
    assert len(json.dumps(left, separators=(",", ":"))) <= EVENT_BYTES


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
    assert sum(map(len, skim._out)) <= EVENT_BYTES + len(data)
    assert len(skim._values) <= EVENT_BYTES
    assert len(skim._held) <= 2 * MAX_STRING_BYTES + 2

"""Large JSON reduced as it passes, against the whole document, in any cut."""

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.json_elements import JsonElements
from proxy.json_skim import EVENT_BYTES, MAX_STRING_BYTES, JsonSkim

TEXTS = st.text(max_size=12) | st.sampled_from(['"', "\\", '\\"', "{[", "]}", "a" * 600, "é🎉"])
LONG = st.sampled_from([length * text for length in (4097, 9000) for text in ("x", '\\"', "é ")])
# Larger ones become floats in orjson.
INTEGERS = st.integers(-(2**63), 2**64 - 1)
LEAVES = st.none() | st.booleans() | INTEGERS | TEXTS | LONG
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)
CUT = {"": None}
POSITIONS = st.lists(st.integers(0, 10**6), max_size=8)


def chunks_of(data: bytes, positions: list[int]) -> list[bytes]:
    edges = [0, *sorted(at % (len(data) + 1) for at in positions), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def shortened(value: Any, *, ascii_only: bool) -> Any:
    """The value as a skim leaves it: long strings are empty."""
    if isinstance(value, str):
        written = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace")
        return value if len(written) - 2 <= MAX_STRING_BYTES else ""
    if isinstance(value, list):
        return [shortened(each, ascii_only=ascii_only) for each in value]
    if isinstance(value, dict):
        return {name: shortened(each, ascii_only=ascii_only) for name, each in value.items()}
    return value


def is_left_of(left: Any, whole: Any) -> bool:
    """Whether it is what a skim may leave: the same, but for what is cut and for empty strings."""
    if isinstance(whole, str):
        return left in (whole, "")
    if left in (CUT, [CUT]):
        return isinstance(whole, type(left))
    if isinstance(whole, list):
        return len(left) == len(whole) and all(map(is_left_of, left, whole))
    if isinstance(whole, dict):
        # A long name may have become an empty one, and stand for several.
        return all(not name or is_left_of(left[name], whole[name]) for name in left)
    return bool(left == whole)


@settings(max_examples=300)
@given(OBJECTS, POSITIONS, st.booleans(), st.sampled_from([None, 1]))
def test_where_there_is_room_what_is_left_is_what_is_small(
    document: dict[str, Any], positions: list[int], ascii_only: bool, indent: int | None
) -> None:
    written = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    skim = JsonSkim(1 << 60)
    for chunk in chunks_of(written.encode("utf-8", "replace"), positions):
        skim.feed(chunk)
    assert skim.document() == shortened(document, ascii_only=ascii_only)


@settings(max_examples=300)
@given(OBJECTS, st.integers(1, 40), POSITIONS, st.integers(2000, 60_000))
def test_what_is_left_is_bounded_and_part_of_the_whole(
    value: dict[str, Any], times: int, positions: list[int], max_bytes: int
) -> None:
    document = {"a": [value] * times, "b": {"c": value, "d": [[value] * times, 7]}, "e": 8}
    skim = JsonSkim(max_bytes)
    for chunk in chunks_of(json.dumps(document).encode(), positions):
        skim.feed(chunk)
    left, data = skim.document(), skim.reduced()
    assert is_left_of(left, document)
    assert (left["e"], len(data or b"") <= max_bytes) == (8, True)
    assert left["b"] == CUT or left["b"]["d"] == [CUT] or left["b"]["d"][1] == 7


@settings(max_examples=30)
@given(st.lists(VALUES, min_size=1, max_size=5), st.integers(1, 400), POSITIONS)
def test_what_stands_behind_very_much_is_found(
    values: list[Any], times: int, positions: list[int]
) -> None:
    answer = {"output": values * times, "usage": {"tokens": 1}}
    document = {"messages": values * times, "response": answer, "model": "m"}
    skim = JsonSkim()
    for chunk in chunks_of(json.dumps(document).encode(), positions):
        skim.feed(chunk)
    left = skim.document()
    assert (left["model"], left["response"]["usage"]) == ("m", {"tokens": 1})
    assert sum(map(len, skim._out)) <= EVENT_BYTES
    assert is_left_of(left, document)


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=300) | VALUES.map(lambda v: json.dumps(v).encode()), max_size=8))
def test_any_bytes_are_taken_in_bounded_memory(chunks: list[bytes]) -> None:
    skim, elements = JsonSkim(), JsonElements(500)
    for chunk in chunks:
        skim.feed(chunk)
        found = elements.feed(chunk)
        assert all(each.startswith(b"{") and len(each) <= 500 for each in found)
        assert sum(map(len, elements._held)) <= 500
    assert sum(map(len, skim._out)) <= EVENT_BYTES + sum(map(len, chunks))
    skim.document()


@settings(max_examples=200)
@given(
    st.lists(OBJECTS, max_size=4), POSITIONS, st.sampled_from(["[%s]", "%s", " [\r\n%s\r\n]\r\n"])
)
def test_the_objects_of_an_array_are_found(
    objects: list[dict[str, Any]], positions: list[int], form: str
) -> None:
    written = [json.dumps(each).encode() for each in objects]
    data = (form % "%s").encode().replace(b"%s", b",\r\n".join(written))
    elements = JsonElements(10**6)
    found = [each for chunk in chunks_of(data, positions) for each in elements.feed(chunk)]
    assert (found, elements.skipped_total) == (written, 0)

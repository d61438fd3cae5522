import pytest

from proxy.json_elements import JsonElements

ARRAY = b'[{"a": "}{\\"[", "b": {"c": [1, {}]}},\r\n {"d": "\\\\"}, 3, "{", {}]'
ELEMENTS = [b'{"a": "}{\\"[", "b": {"c": [1, {}]}}', b'{"d": "\\\\"}', b"{}"]


def fed(*chunks: bytes, limit: int = 1000) -> tuple[list[bytes], int]:
    elements = JsonElements(limit)
    return [each for chunk in chunks for each in elements.feed(chunk)], elements.skipped_total


@pytest.mark.parametrize("at", range(len(ARRAY) + 1))
def test_objects_in_any_cut(at: int) -> None:
    assert fed(ARRAY[:at], b"", ARRAY[at:]) == (ELEMENTS, 0)


def test_byte_by_byte() -> None:
    assert fed(*(ARRAY[at : at + 1] for at in range(len(ARRAY)))) == (ELEMENTS, 0)


def test_one_object_is_one_element() -> None:
    assert fed(b' {"a": 1}\n') == ([b'{"a": 1}'], 0)


def test_what_is_not_complete_is_not_given() -> None:
    assert fed(b'[{"a": {"b": 1}') == ([], 0)
    assert fed(b'}}] {"a": "') == ([], 0)


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_an_object_over_the_limit_is_skipped_and_never_gathered(step: int) -> None:
    data = b'[{"a": "%b"}, {"b": 1}]' % (b"x" * 500)
    elements = JsonElements(40)
    found = [
        each for at in range(0, len(data), step) for each in elements.feed(data[at : at + step])
    ]
    assert (found, elements.skipped_total) == ([b'{"b": 1}'], 1)
    assert not elements._held

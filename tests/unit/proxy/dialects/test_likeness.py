import pytest

from proxy.dialects.likeness import Likeness
from proxy.dialects.openai_chat import OpenAIChat
from proxy.dialects.openai_responses import OpenAIResponses

HEAD = b"event: response.output_text.delta\ndata: "
SAID = (
    b'{"type":"response.output_text.delta","delta":"%b","logprobs":[],'
    b'"obfuscation":"%b","output_index":0,"sequence_number":%b}'
)


def like(text: bytes = b" one", pad: bytes = b"xY", number: bytes = b"12") -> Likeness | None:
    return Likeness.of(OpenAIResponses(), HEAD, SAID % (text, pad, number))


def inside(likeness: Likeness, *values: bytes) -> list[bytes]:
    return likeness.insides([HEAD + SAID % values + b"\n\n"], 0, 1000)


def test_padding_and_numbers_may_differ_as_well() -> None:
    likeness = like()
    assert likeness is not None
    found = [
        *inside(likeness, b" two", b"", b"13"),
        *inside(likeness, b"\\n\xc3\xa9", b"\\u0041b", b"14"),
    ]
    assert likeness.text_bytes(found) == 4 + 3
    assert [likeness.sizes(each) for each in found] == [[4], [3]]


@pytest.mark.parametrize(
    "values",
    [
        (b"", b"x", b"1"),
        (b'a"', b"x", b"1"),
        (b"a\\", b"x", b"1"),
        (b"a\n", b"x", b"1"),
        (b"a", b'","delta":"b', b"1"),
        (b"a", b"x\\", b"1"),
        (b"a", b"x", b"01"),
        (b"a", b"x", b"1.5"),
        (b"a", b"x", b'1,"delta":2'),
        (b"a", b"x", b"9" * 16),
        (b'a","delta":"b', b"x", b"1"),
    ],
)
def test_what_is_no_such_event_has_no_text(values: tuple[bytes, bytes, bytes]) -> None:
    likeness = like()
    assert likeness is not None
    good = inside(likeness, b"a", b"x", b"1")
    found = inside(likeness, *values)
    assert likeness.text_bytes(good) == 1
    assert [likeness.text_bytes(good + found), likeness.text_bytes(found)] == [0, 0]
    assert all(likeness.sizes(each) == [0] for each in found)


def test_several_in_one_chunk() -> None:
    likeness = like()
    assert likeness is not None
    chunk = b"".join(HEAD + SAID % (b"a" * each, b"x", b"5") + b"\n\n" for each in (1, 2, 3))
    (found,) = likeness.insides([chunk], 0, len(chunk))
    assert (likeness.text_bytes([found]), likeness.sizes(found)) == (0, [1, 2, 3])
    assert likeness.insides([chunk], 0, len(chunk) - 1) == []


def test_values_that_cannot_be_told_apart_make_none() -> None:
    assert like(b"xY", b"xY") is not None
    data = b'{"obfuscation":"xY","type":"response.output_text.delta","delta":"xY"}'
    assert Likeness.of(OpenAIResponses(), HEAD, data) is None
    assert like(b"a", b"x", b"1.5") is None
    assert like(b"a", b"\\n") is None
    assert Likeness.of(OpenAIChat(), HEAD, b'{"choices": []}') is None
    assert Likeness.of(OpenAIChat(), HEAD, b"[]") is None

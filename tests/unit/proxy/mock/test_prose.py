import pytest

from proxy.mock.prose import characters, compose


def test_equal_requests_get_equal_prose_and_others_another() -> None:
    assert compose(b"a", "hi", 5, None) == compose(b"a", "hi", 5, None)
    assert compose(b"a", "hi", 5, None).text != compose(b"b", "hi", 5, None).text


def test_words_are_tokens() -> None:
    prose = compose(b"a", "x" * 9, 40, None)
    assert len(prose.words) == prose.output_tokens == 40
    assert prose.text == "".join(prose.words)
    assert prose.prompt_tokens == 3
    assert not prose.cut_short


@pytest.mark.parametrize(("most", "words", "cut"), [(3, 3, True), (0, 0, True), (9, 5, False)])
def test_max_tokens_cuts_short(most: int, words: int, cut: bool) -> None:
    prose = compose(b"a", "hi", 5, most)
    assert (prose.output_tokens, prose.cut_short) == (words, cut)


@pytest.mark.parametrize("most", [None, "many", -1, 1.5])
def test_a_limit_that_is_no_limit(most: object) -> None:
    assert compose(b"a", "hi", 5, most).output_tokens == 5


def test_characters_of_nested_content() -> None:
    content = [{"role": "user", "content": [{"type": "text", "text": "four"}, {"image": "x" * 99}]}]
    assert characters(content) == 4
    assert characters(None) == 0

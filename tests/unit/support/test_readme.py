import pytest

from tests.support.readme import Block, blocks, prints, to_run, unmarked

PAGE = """# Title

<!-- test: run -->
```sh
echo one
```

<!-- test: output -->

```text
one
```

<!-- test: skip needs a broker -->
```sh
echo two
```

```python
x = 1
```
"""


def test_blocks_with_their_marks() -> None:
    assert list(blocks(PAGE)) == [
        Block("sh", "echo one\n", 4, "run"),
        Block("text", "one\n", 10, "output"),
        Block("sh", "echo two\n", 15, "skip", "needs a broker"),
        Block("python", "x = 1\n", 19),
    ]


def test_a_mark_counts_for_the_block_right_after_it() -> None:
    page = "<!-- test: run -->\nSome words.\n```sh\necho\n```\n"
    assert unmarked(page) == [
        "line 3: the block needs <!-- test: run --> or … skip …",
    ]


@pytest.mark.parametrize("language", ["sh", "bash", "console"])
def test_shell_blocks_need_a_mark(language: str) -> None:
    assert len(unmarked(f"```{language}\nls\n```\n")) == 1


def test_a_skip_needs_a_reason() -> None:
    assert unmarked("<!-- test: skip -->\n```sh\nls\n```\n") == ["line 2: a skip needs its reason"]
    assert unmarked(PAGE) == []


def test_a_block_that_never_ends() -> None:
    with pytest.raises(ValueError, match="line 1: the block never ends"):
        list(blocks("```sh\nls\n"))


def test_what_is_run_and_what_it_prints() -> None:
    assert [(block.text, output) for block, output in to_run(PAGE)] == [("echo one\n", "one\n")]


def test_output_of_nothing() -> None:
    with pytest.raises(ValueError, match="no block before it"):
        to_run("<!-- test: output -->\n```\nx\n```\n")


@pytest.mark.parametrize(
    ("promised", "actual", "same"),
    [
        ("one\n", "one\n", True),
        ("one", "one  \n", True),
        ("one", "one\ntwo\n", False),
        ("one\n…\nfour", "one\ntwo\nthree\nfour\n", True),
        ("one\n…\nfour", "one\nfour\n", True),
        ("one\n…", "one\n", True),
        ('{"id": "…", "n": 1}', '{"id": "abc", "n": 1}', True),
        ('{"id": "…", "n": 1}', '{"id": "abc", "n": 2}', False),
        ("a.c", "abc", False),
        ("…", "", True),
    ],
)
def test_prints(promised: str, actual: str, same: bool) -> None:
    assert prints(promised, actual) is same

import pytest

from tests.support.house.sources import sample
from tests.support.house.words import missing_docstrings, missing_maps, unread_fields, vague_names


def test_a_package_needs_a_map() -> None:
    assert missing_maps(sample("a/__init__.py", '"""One.\n\n  x.py  two\n"""')) == []
    assert missing_maps(sample("a/x.py", "")) == []
    for text in ("", '"""One."""', '"""One.\n\n"""'):
        (complaint,) = missing_maps(sample("a/__init__.py", text))
        assert complaint.startswith("a/__init__.py: ")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("x = 1", ["module"]),
        ('"""M."""\ndef f(): pass', ["f"]),
        ('"""M."""\nasync def f(): pass', ["f"]),
        ('"""M."""\nclass A: pass', ["A"]),
        ('"""M."""\nclass A:\n    """A."""\n    def f(self): pass', ["f"]),
        ('"""M."""\nclass A:\n    """A."""\n    class B:\n        x = 1', ["B"]),
        ('"""M."""\ndef _f(): pass\nclass _A:\n    def f(self): pass', []),
        (
            '"""M."""\nclass A:\n    """A."""\n    def _f(self): pass\n    def __eq__(self): pass',
            [],
        ),
        ('"""M."""\ndef f():\n    """F."""\n    def g(): pass', []),
        ('"""M."""\n@overload\ndef f(): ...', []),
    ],
)
def test_what_is_public_has_a_docstring(text: str, missing: list[str]) -> None:
    complaints = missing_docstrings(sample("a.py", text))
    assert len(complaints) == len(missing)
    for complaint, name in zip(complaints, missing, strict=True):
        assert name in complaint


@pytest.mark.parametrize(
    "path",
    ["a/utils.py", "a/util.py", "helpers/x.py", "a/x_helper.py", "common.py", "a/utils_x.py"],
)
def test_names_that_say_nothing(path: str) -> None:
    (complaint,) = vague_names(sample(path))
    assert complaint.startswith(path)


@pytest.mark.parametrize("path", ["a/futile.py", "uncommon.py", "a/b/commonplace.py", "a/seen.py"])
def test_names_that_say_something(path: str) -> None:
    assert vague_names(sample(path)) == []


def test_fields_that_nobody_reads() -> None:
    code = [sample("a.py", "settings.web.port + port_s"), sample("b.py", "x = 'bind'")]
    assert unread_fields(["web.port", "web.bind", "web.port_s"], code) == [
        "nobody reads web.bind",
        "nobody reads web.port_s",
    ]

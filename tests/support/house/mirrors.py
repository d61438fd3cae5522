"""A source file without its unit tests: `a/b/c.py` is tested by `tests/unit/a/b/test_c.py`."""

from collections.abc import Iterable

from tests.support.house.sources import Source

EXEMPT = {"__init__", "__main__"}


def mirror(source: Source) -> str:
    """Where the unit tests of a source file are."""
    return str("tests/unit" / source.path.parent / f"test_{source.path.name}")


def has_tests(source: Source) -> bool:
    """Whether a file of tests holds any."""
    return any(function.name.startswith("test_") for function in source.functions)


def missing_mirrors(code: Iterable[Source], tests: Iterable[Source]) -> list[str]:
    """Source files whose file of unit tests is missing or holds no test."""
    tested = {str(source.path) for source in tests if has_tests(source)}
    return [
        f"{source.path} has no tests in {mirror(source)}"
        for source in code
        if source.path.stem not in EXEMPT and mirror(source) not in tested
    ]

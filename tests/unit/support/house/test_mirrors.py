from tests.support.house.mirrors import has_tests, mirror, missing_mirrors
from tests.support.house.sources import sample

SOURCE = sample("app/record/model.py")
TEST = "def test_it():\n    assert True\n"


def test_where_the_tests_of_a_file_are() -> None:
    assert mirror(SOURCE) == "tests/unit/app/record/test_model.py"
    assert mirror(sample("app/main.py")) == "tests/unit/app/test_main.py"


def test_a_file_without_tests() -> None:
    line = "app/record/model.py has no tests in tests/unit/app/record/test_model.py"
    assert missing_mirrors([SOURCE], []) == [line]
    elsewhere = sample("tests/unit/app/test_model.py", TEST)
    assert missing_mirrors([SOURCE], [elsewhere]) == [line]
    assert missing_mirrors([SOURCE], [sample(mirror(SOURCE), "x = 1")]) == [line]


def test_a_file_with_tests() -> None:
    assert missing_mirrors([SOURCE], [sample(mirror(SOURCE), TEST)]) == []


def test_maps_need_none() -> None:
    assert missing_mirrors([sample("app/__init__.py"), sample("app/__main__.py")], []) == []


def test_tests_may_be_methods() -> None:
    assert has_tests(sample("t.py", "class TestA:\n    async def test_x(self): pass"))
    assert not has_tests(sample("t.py", "def check(): pass"))

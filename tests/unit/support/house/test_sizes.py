from tests.support.house.sizes import long_functions, long_modules, long_shells
from tests.support.house.sources import sample


def function(name: str, lines: int, indent: str = "") -> str:
    return f"{indent}def {name}():\n" + f"{indent}    pass\n" * (lines - 1)


def test_a_module_over_the_limit() -> None:
    assert long_modules(sample("a.py", "x = 1\n" * 300)) == []
    assert long_modules(sample("a.py", "x = 1\n" * 301)) == ["a.py has 301 lines, at most 300"]


def test_a_function_over_the_limit() -> None:
    assert long_functions(sample("a.py", function("f", 40))) == []
    assert long_functions(sample("a.py", function("f", 41))) == [
        "a.py:1 f has 41 lines, at most 40"
    ]


def test_methods_inner_and_async_functions_count_too() -> None:
    text = "class A:\n" + function("m", 41, "    ")
    assert long_functions(sample("a.py", text)) == ["a.py:2 m has 41 lines, at most 40"]
    text = "def f():\n" + function("g", 41, "    ")
    assert len(long_functions(sample("a.py", text))) == 2
    assert len(long_functions(sample("a.py", "async " + function("f", 41)))) == 1


def test_decorators_do_not_count() -> None:
    assert long_functions(sample("a.py", "@a\n@b\n" + function("f", 40))) == []


def test_shells_have_their_own_limit() -> None:
    text = function("register", 21) + function("step", 21)
    assert long_shells(sample("agents/a.py", text)) == [
        "agents/a.py:1 register has 21 lines, at most 20"
    ]

import pytest

from proxy.mock.script import Script, ScriptError, read_script


def test_nothing_asked() -> None:
    assert read_script({}) == Script()


def test_everything_asked() -> None:
    asked = {
        "x-mock-chunks": "3",
        "x-mock-delay-ms": "5",
        "x-mock-status": "429",
        "x-mock-error-after": "1",
        "x-mock-cut-after": "0",
        "x-mock-encoding": "zstd",
    }
    assert read_script(asked) == Script(3, 5, 429, 1, 0, "zstd")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-mock-chunks", "-1"),
        ("x-mock-chunks", "many"),
        ("x-mock-chunks", "²"),
        ("x-mock-status", "200"),
        ("x-mock-status", "9" * 5000),
        ("x-mock-delay-ms", "1.5"),
        ("x-mock-encoding", "rot13"),
    ],
)
def test_what_the_mock_cannot_do_is_said(name: str, value: str) -> None:
    with pytest.raises(ScriptError, match=name):
        read_script({name: value})

import pytest

from tests.support.house.privacy import is_private, private_names
from tests.support.house.sources import sample

BAD = [
    ("consumer._coordinator", "consumer._coordinator"),
    ("app._cleanup.x = 1", "app._cleanup"),
    ("self.app._producer.flush()", "self.app._producer"),
    ("super_._x", "super_._x"),
    ("f()._x", "f()._x"),
    ("type(other)._x", "type(other)._x"),
    ("getattr(app, '_conf')", "_conf"),
    ("setattr(app, '_conf', 1)", "_conf"),
    ("from faust._cython.streams import StreamIterator", "_cython"),
    ("from aiokafka.client import _x", "_x"),
    ("import faust._cython", "_cython"),
]
GOOD = [
    "self._x = cls._y",
    "super()._x()",
    "type(self)._x",
    "getattr(self, '_x')",
    "x.__class__.__name__",
    "row._replace(a=1)",
    "getattr(app, name)",
    "getattr(app, 'conf')",
    "from __future__ import annotations",
    "x: zlib._Decompress",
    "_local = 1\n_local + 1",
]


@pytest.mark.parametrize(("text", "name"), BAD)
def test_private_names_of_others(text: str, name: str) -> None:
    assert private_names(sample("app/x.py", text)) == [f"app/x.py:1 uses the private name {name}"]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_our_own_or_public(text: str) -> None:
    assert private_names(sample("app/x.py", text)) == []


def test_the_engine_alone_may() -> None:
    text = "consumer._coordinator"
    assert private_names(sample("app/engine/consumer.py", text)) == []
    assert private_names(sample("app/engine/__init__.py", text)) == []
    assert private_names(sample("app/engines/x.py", text)) != []


def test_is_private() -> None:
    assert is_private("_x")
    assert is_private("__x")
    assert not is_private("__x__")
    assert not is_private("x_")

import pytest

from tests.support.house.imports import forbidden_imports, in_root
from tests.support.house.sources import sample

BAD = [
    ("config/x.py", "import app.errors"),
    ("app/x.py", "import tables.seen"),
    ("app/x.py", "from proxy import routes"),
    ("app/engine/x.py", "from agents.meter import Meter"),
    ("tables/x.py", "def f():\n    from proxy.routes import register"),
    ("agents/x.py", "import proxy"),
    ("proxy/x.py", "import tables"),
    ("proxy/x.py", "import tests.support"),
    ("app/x.py", "from importlib import import_module\nimport_module('tables.seen')"),
    ("app/x.py", "import importlib\nimportlib.import_module(f'agents.{name}')"),
    ("agents/x.py", "__import__('proxy.routes')"),
    ("proxy/x.py", "from app import main"),
    ("proxy/x.py", "from app.main import app"),
    ("app/engine/x.py", "import app.cli.worker"),
    ("app/engine/x.py", "from ..composition import web"),
    ("app/engine/__init__.py", "from .. import cli"),
]
GOOD = [
    ("config/x.py", "import config.sections, os"),
    ("app/x.py", "from config import Settings"),
    ("agents/x.py", "import tables.seen, app.errors, config, faust"),
    ("app/main.py", "import agents, proxy, app.composition.web"),
    ("app/cli/x.py", "import proxy.routes, app.main"),
    ("app/composition/x.py", "import agents.meter, proxy"),
    ("app/x.py", "import applesauce, proxying, configparser"),
    (
        "app/engine/x.py",
        "from . import web\nfrom .web import HostWeb\nfrom ..errors import StartError",
    ),
    ("app/x.py", "import_module(name)"),
]


@pytest.mark.parametrize(("path", "text"), BAD)
def test_against_the_rules(path: str, text: str) -> None:
    (complaint,) = forbidden_imports(sample(path, text))
    assert complaint.startswith(f"{path}:")
    assert " imports " in complaint


@pytest.mark.parametrize(("path", "text"), GOOD)
def test_within_the_rules(path: str, text: str) -> None:
    assert forbidden_imports(sample(path, text)) == []


def test_the_composition_root() -> None:
    assert in_root("app.cli.up")
    assert in_root("app.main")
    assert not in_root("app.mainframe")
    assert not in_root("app")

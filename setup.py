"""Compiles what a relayed call passes through, when a wheel is made with TAILRACE_COMPILED=1.

mypyc turns the modules that `pyproject.toml` names into C, from the types they have anyhow; they
are the same modules otherwise, and every other way of installing leaves them to the interpreter.
"""

import os
import sys
import tomllib
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).parent


def compiled_modules() -> list[str]:
    """The files to compile, relative to here."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        named = tomllib.load(file)["tool"]["tailrace"]["compiled"]
    found = {path for pattern in named["modules"] for path in ROOT.glob(pattern)}
    return sorted(str(path.relative_to(ROOT)) for path in found if path.name != "__init__.py")


def extensions() -> list[Extension]:
    """One for each compiled module, and one that holds the code of all."""
    if os.environ.get("TAILRACE_COMPILED") != "1" or "bdist_wheel" not in sys.argv:
        return []
    from mypyc.build import mypycify  # mypy is not needed otherwise

    options = ["--config-file", "pyproject.toml"]
    return mypycify([*options, *compiled_modules()], opt_level="1", debug_level="0")


setup(ext_modules=extensions())

"""The compiled build of this tree: a wheel made as a release is, unpacked under build/compiled.

It is made once for each state of the sources, which takes two minutes and needs a C compiler.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from tests.support.house.sources import MADE, PACKAGES, REPO

COMPILED = REPO / "build" / "compiled"
STATE = COMPILED / "made-of"
PARTS = ("setup.py", "pyproject.toml", *PACKAGES)


def why_not() -> str | None:
    """What this machine lacks to compile."""
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        return "no C compiler"
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        return "no headers of this Python (Debian: apt install python3-dev)"
    return None


def compiled() -> Path:
    """The folder that holds it, made anew if the sources changed since."""
    state = _state()
    if not STATE.exists() or STATE.read_text() != state:
        print("compiling what a call passes through: two minutes", file=sys.stderr, flush=True)
        shutil.rmtree(COMPILED, ignore_errors=True)
        with tempfile.TemporaryDirectory() as folder:
            _make(Path(folder))
        STATE.write_text(state)
    return COMPILED


def environ(build: Path) -> Mapping[str, str]:
    """An environment whose Pythons take that build for this tree; the tests stay those here."""
    return os.environ | {
        "PYTHONPATH": f"{build}{os.pathsep}{REPO}",
        # Else whoever is started here finds the sources first.
        "PYTHONSAFEPATH": "1",
    }


def _make(folder: Path) -> None:
    """From a copy of the sources: what was left behind of another build is not taken up."""
    tree = folder / "tree"
    shutil.copytree(REPO, tree, ignore=shutil.ignore_patterns(*MADE, "tests"))
    pip = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
    _run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), ".", cwd=tree)
    (wheel,) = folder.glob("*.whl")
    _run(*pip, "install", "--no-deps", "--target", str(COMPILED), str(wheel), cwd=folder)


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"TAILRACE_COMPILED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")


def _state() -> str:
    """Of all that a build is made of."""
    found = sha256(sys.version.encode())
    for name in PARTS:
        path = REPO / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                found.update(str(file.relative_to(REPO)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()

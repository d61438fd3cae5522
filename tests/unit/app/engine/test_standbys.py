"""The loop that dates standbys ends with the app; what it does is in the contract tests."""

from types import SimpleNamespace

import pytest

from app.engine import standbys
from app.engine.standbys import Standbys


async def test_it_looks_again_until_the_app_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = SimpleNamespace(failure=None)
    looked = []

    async def look(self: Standbys) -> None:
        looked.append(1)
        if len(looked) == 3:
            app.failure = OSError("gone")

    monkeypatch.setattr(standbys, "EVERY_S", 0)
    monkeypatch.setattr(Standbys, "look", look)
    await Standbys(app).run()
    assert len(looked) == 3

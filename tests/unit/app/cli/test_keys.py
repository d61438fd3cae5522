"""`tailrace keys`: made, listed without secrets, revoked."""

import argparse

import pytest

from app.access.directory import KIND, KeyDirectory, Principal
from app.cli.keys import carry_out
from app.control.memory import MemoryControl
from app.errors import StartError


def arguments(action: str, **given: object) -> argparse.Namespace:
    defaults = {"tenant": "default", "name": "", "admin": False}
    return argparse.Namespace(action=action, **{**defaults, **given})


async def test_made_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    control, keys = MemoryControl(), KeyDirectory()
    control.on_change(KIND, keys.put)
    assert await carry_out(arguments("create", tenant="acme", name="ci"), control) == 0
    text = capsys.readouterr().out.strip()
    found = keys.find(text)
    assert found is not None
    assert found[:2] == Principal("acme", "tenant")[:2]
    assert await carry_out(arguments("list"), control) == 0
    listed = capsys.readouterr().out
    assert text.rpartition("_")[2] not in listed
    assert "acme" in listed
    key_id = listed.split()[0]
    assert await carry_out(arguments("revoke", key_id=key_id), control) == 0
    assert keys.find(text) is None
    assert await carry_out(arguments("revoke", key_id="unknown"), control) == 1


async def test_an_admin_key(capsys: pytest.CaptureFixture[str]) -> None:
    control, keys = MemoryControl(), KeyDirectory()
    control.on_change(KIND, keys.put)
    assert await carry_out(arguments("create", admin=True), control) == 0
    found = keys.find(capsys.readouterr().out.strip())
    assert found is not None
    assert found.role == "admin"


@pytest.mark.parametrize("given", [{"tenant": "Acme"}, {"tenant": ""}, {"name": "a\nb"}])
async def test_bad_input_is_one_line(given: dict[str, str]) -> None:
    with pytest.raises(StartError):
        await carry_out(arguments("create", **given), MemoryControl())

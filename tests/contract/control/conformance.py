"""What every `Control` does, whatever it is made of."""

import pytest

from app.control.contract import Control
from app.errors import RecordError


class Conformance:
    """Subclasses give the fixture `control`: an empty one that is live or about to be."""

    async def test_it_begins_empty_and_becomes_live(self, control: Control) -> None:
        await control.until_live()
        assert (control.state, control.items("kind")) == ("live", {})
        assert control.get("kind", "a") is None

    async def test_what_was_put_is_there_when_put_returns(self, control: Control) -> None:
        await control.put("kind", "a", b'{"n":1}')
        assert control.get("kind", "a") == b'{"n":1}'
        await control.put("kind", "a", b'{"n":2}')
        await control.put("kind", "b", b"[]")
        await control.put("other", "a", b"null")
        assert control.items("kind") == {"a": b'{"n":2}', "b": b"[]"}
        assert control.items("other") == {"a": b"null"}

    async def test_none_removes(self, control: Control) -> None:
        await control.put("kind", "a", b"1")
        await control.put("kind", "a", None)
        await control.put("kind", "never", None)
        assert control.items("kind") == {}

    async def test_changes_are_told_with_what_was_there(self, control: Control) -> None:
        heard: list[tuple[str, bytes | None]] = []
        await control.put("kind", "a", b"1")
        control.on_change("kind", lambda key, value: heard.append((key, value)))
        await control.put("kind", "a", b"2")
        await control.put("other", "a", b"3")
        await control.put("kind", "a", None)
        assert heard == [("a", b"1"), ("a", b"2"), ("a", None)]

    async def test_what_can_be_no_entry_is_refused(self, control: Control) -> None:
        for kind, key, value in (("K", "a", b"1"), ("kind", "a/b", b"1"), ("kind", "a", b"{")):
            with pytest.raises(RecordError):
                await control.put(kind, key, value)
        assert control.items("kind") == {}

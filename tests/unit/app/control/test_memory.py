import pytest

from app.control.memory import MemoryControl
from app.errors import Unavailable


async def test_down_it_refuses_and_keeps_what_it_has() -> None:
    control = MemoryControl()
    await control.put("kind", "a", b"1")
    control.is_down = True
    with pytest.raises(Unavailable):
        await control.put("kind", "a", b"2")
    with pytest.raises(Unavailable):
        await control.until_live()
    assert (control.state, control.get("kind", "a")) == ("stale", b"1")

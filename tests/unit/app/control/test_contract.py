from app.control.contract import Control
from app.control.memory import MemoryControl


def test_the_twin_is_a_control() -> None:
    control: Control = MemoryControl()
    assert control.state == "live"

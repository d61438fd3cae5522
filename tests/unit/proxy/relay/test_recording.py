from app.clock import ManualClock
from app.ids import CountedIds
from app.metrics import Metrics
from config.sections import CaptureSettings
from proxy.capture.capture import Capture
from proxy.relay.recording import NewCapture, Recorder
from tests.support.plain_capture import PlainCapture
from tests.support.relay import ListSink


def test_the_capture_and_its_stand_in_both_fit() -> None:
    # mypy checks the assignments.
    makers: list[NewCapture] = [Capture, PlainCapture]
    recorders = [
        Recorder(ListSink(), make, ManualClock(), CountedIds(), Metrics(), CaptureSettings())
        for make in makers
    ]
    assert [each.new_capture for each in recorders] == makers

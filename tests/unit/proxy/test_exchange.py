import pytest

from config.sections import CaptureSettings
from proxy.capture.capture import Capture
from proxy.exchange import CaptureLimits, Ending, Finished
from tests.support.captures import STAMP, call_meta, ended


def test_default_limits_are_those_of_the_settings() -> None:
    settings, limits = CaptureSettings(), CaptureLimits()
    assert limits.max_body_bytes == settings.max_body_bytes
    assert limits.max_decoded_bytes == settings.max_decoded_bytes


def test_metas_share_no_properties() -> None:
    one, other = call_meta(), call_meta()
    one.properties["a"] = "b"
    assert other.properties == {}


def test_what_is_published_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        STAMP.sequence = 8  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Ending("completed").error = "x"  # type: ignore[misc]


def test_a_finished_exchange_has_no_notes_unless_told() -> None:
    draft = ended(Capture(call_meta(), CaptureLimits(), "openai")).draft
    assert Finished(draft, None).notes == ()

from config.sections import CaptureSettings
from proxy.capture.capture import Capture
from proxy.exchange import CaptureLimits, Finished
from tests.support.captures import call_meta, ended


def test_default_limits_are_those_of_the_settings() -> None:
    settings, limits = CaptureSettings(), CaptureLimits()
    assert limits.max_body_bytes == settings.max_body_bytes
    assert limits.max_decoded_bytes == settings.max_decoded_bytes


def test_metas_share_no_properties() -> None:
    one, other = call_meta(), call_meta()
    one.identity.properties["a"] = "b"
    assert other.identity.properties == {}


def test_a_finished_exchange_has_no_notes_unless_told() -> None:
    draft = ended(Capture(call_meta(), CaptureLimits(), "openai")).draft
    assert Finished(draft, None).notes == ()

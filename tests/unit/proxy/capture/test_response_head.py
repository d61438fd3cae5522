import pytest

from proxy.capture.response_head import OBJECT_STREAMS, ResponseHead, media_type_of


@pytest.mark.parametrize(
    "content_type",
    ["text/event-stream", " Text/Event-Stream ; charset=utf-8", "TEXT/EVENT-STREAM;"],
)
def test_a_media_type_is_bare_and_in_lower_case(content_type: str) -> None:
    assert media_type_of(content_type) == "text/event-stream"
    assert ResponseHead(200, content_type, "").media_type == "text/event-stream"


def test_no_content_type_is_no_media_type() -> None:
    assert media_type_of("") == ""


def test_object_streams_are_named_as_media_types_are() -> None:
    assert {media_type_of(name) for name in OBJECT_STREAMS} == OBJECT_STREAMS

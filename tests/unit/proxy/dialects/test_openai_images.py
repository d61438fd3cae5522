import json
from typing import Any

import pytest

from proxy.dialects.base import SHOWN, SILENT
from proxy.dialects.openai_images import OpenAIImages
from proxy.sse import Event

USAGE = {
    "input_tokens": 50,
    "output_tokens": 100,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
}


def event(kind: str, **fields: Any) -> Event:
    return Event(json.dumps({"type": kind, **fields}).encode())


def test_images_are_counted_and_so_are_their_tokens() -> None:
    state = OpenAIImages()
    state.read_document({"data": [{}, {}], "usage": USAGE})
    assert state.finish(may_estimate=True).usage == {
        "input": 50,
        "output": 100,
        "image_input": 40,
        "image_output": 100,
        "images": 2,
    }


def test_what_is_billed_by_the_image_has_no_tokens() -> None:
    state = OpenAIImages()
    state.read_document({"data": [{"url": "https://x"}]})
    assert state.finish(may_estimate=True).usage == {"images": 1}


@pytest.mark.parametrize("of", ["image_generation", "image_edit"])
def test_a_stream_ends_with_a_whole_image(of: str) -> None:
    state = OpenAIImages()
    assert state.read_event(event(f"{of}.partial_image", b64_json="QQ==")) == SHOWN
    assert not state.finish(may_estimate=True).ended
    assert state.read_event(event(f"{of}.completed", b64_json="QQ==", usage=USAGE)) == SHOWN
    facts = state.finish(may_estimate=True)
    assert facts.ended
    assert facts.usage is not None
    assert (facts.usage["images"], facts.usage["output"]) == (1, 100)


def test_an_error_in_a_stream() -> None:
    state = OpenAIImages()
    assert state.read_event(event("error", error={"code": "c", "message": "no"})) == SILENT
    facts = state.finish(may_estimate=True)
    assert (facts.error, facts.failed, facts.usage) == ("c: no", True, None)


def test_the_stream_flag_of_a_form() -> None:
    assert OpenAIImages().read_request({"model": "m", "stream": "true"}).stream

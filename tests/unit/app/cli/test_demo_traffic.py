"""Usage as the clients saw it, from the event streams of both APIs."""

from app.cli.demo_traffic import usage_of_events


def test_openai_s_closing_chunk() -> None:
    """The last chunk alone has usage; `[DONE]` is no JSON."""
    usage = b'{"prompt_tokens": 2, "completion_tokens": 3}'
    body = b'data: {"choices": [], "usage": null}\n\ndata: {"usage": ' + usage + b"}\n\n"
    body += b"data: [DONE]\n\n"
    counts = usage_of_events(body, input_key="prompt_tokens", output_key="completion_tokens")
    assert counts == (2, 3)


def test_anthropic_s_start_and_delta() -> None:
    """Input comes with the start, output is cumulative: the last wins."""
    usage = b'{"input_tokens": 7, "output_tokens": 1}'
    body = b'event: message_start\ndata: {"message": {"usage": ' + usage + b"}}\n\n"
    body += b'event: message_delta\ndata: {"usage": {"output_tokens": 12}}\n\n'
    counts = usage_of_events(body, input_key="input_tokens", output_key="output_tokens")
    assert counts == (7, 12)

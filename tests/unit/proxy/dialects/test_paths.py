import pytest

from proxy.dialects.paths import model_in, publisher_in, stream_in

VERTEX = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4@20250514"


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash"),
        ("/v1beta/tunedModels/my%20one:streamGenerateContent", "my one"),
        ("/v1/projects/p/locations/l/publishers/google/models/g-1:countTokens", "g-1"),
        (f"{VERTEX}:rawPredict", "claude-sonnet-4@20250514"),
        ("/openai/deployments/prod-4o/chat/completions", "prod-4o"),
        ("/v1/engines/davinci/completions", "davinci"),
        ("/v1/models/gpt-5", None),
        ("/v1/chat/completions", None),
        ("", None),
    ],
)
def test_the_model_in_a_path(path: str, model: str | None) -> None:
    assert model_in(path) == model


@pytest.mark.parametrize(
    ("path", "stream"),
    [
        ("/v1beta/models/g:streamGenerateContent", True),
        ("/v1beta/models/g:generateContent", False),
        (f"{VERTEX}:streamRawPredict", True),
        (f"{VERTEX}:rawPredict", False),
        ("/v1/stream", False),
        ("", False),
    ],
)
def test_whether_a_path_asks_for_a_stream(path: str, stream: bool) -> None:
    assert stream_in(path) is stream


@pytest.mark.parametrize(
    ("path", "publisher"),
    [
        (f"{VERTEX}:rawPredict", "anthropic"),
        (f"{VERTEX}:streamRawPredict", "anthropic"),
        (f"{VERTEX}:predict", ""),
        ("/v1/models/g:rawPredict", ""),
    ],
)
def test_who_made_the_model_that_vertex_relays_to(path: str, publisher: str) -> None:
    assert publisher_in(path) == publisher

"""What a path tells: the model and its maker, and whether a stream is asked for."""

import re
from typing import Final
from urllib.parse import unquote

_GEMINI: Final = re.compile(r"/(?:models|tunedModels|endpoints)/(?P<model>[^/:]+):(?P<verb>\w+)$")
_AZURE: Final = re.compile(r"/(?:deployments|engines)/(?P<model>[^/]+)/")
_RAW_PREDICT: Final = re.compile(
    r"/publishers/(?P<publisher>[^/]+)/models/[^/]+:(?:rawP|streamRawP)redict$"
)
STREAMS: Final = "stream"


def model_in(path: str) -> str | None:
    """The model: `…/models/{model}:{verb}` of Gemini, `…/deployments/{name}/…` of Azure."""
    match = _GEMINI.search(path) or _AZURE.search(path)
    return unquote(match["model"]) if match is not None else None


def publisher_in(path: str) -> str:
    """Who made the model that Vertex relays a call to as it is; empty for any other path."""
    match = _RAW_PREDICT.search(path)
    return match["publisher"] if match is not None else ""


def stream_in(path: str) -> bool:
    """Whether the path's verb asks for a stream, as Gemini's `:streamGenerateContent` does."""
    _, colon, verb = path.rpartition(":")
    return bool(colon) and verb.startswith(STREAMS)

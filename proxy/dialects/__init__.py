"""How each provider's API is read: one file per dialect, one row in the table below.

    base.py                facts of a request and a response; the Protocol of a state
    openai_chat.py         OpenAI chat completions
    anthropic_messages.py  Anthropic messages
    unknown.py             anything else: recorded without usage
    fields.py              reading JSON that anyone may have written
    estimate.py            tokens counted by us

A row is family, end of the path, state. Its golden exchanges are in `tests/golden/<file>/`.
"""

from collections.abc import Callable

from proxy.dialects.anthropic_messages import AnthropicMessages
from proxy.dialects.base import DialectState
from proxy.dialects.openai_chat import OpenAIChat
from proxy.dialects.unknown import UnknownJson

DIALECTS: list[tuple[str, str, Callable[[], DialectState]]] = [
    ("openai", "/chat/completions", OpenAIChat),
    ("anthropic", "/messages", AnthropicMessages),
]


def dialect_state(family: str, path: str) -> DialectState:
    """A fresh state for a call to this path of this family's API; a query does not matter."""
    path = path.partition("?")[0].rstrip("/")
    for row_family, suffix, state in DIALECTS:
        if row_family == family and path.endswith(suffix):
            return state()
    return UnknownJson()

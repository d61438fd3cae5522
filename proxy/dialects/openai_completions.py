"""OpenAI's older completions: as chat completions, but for `prompt` and `choices[].text`."""

from typing import Any, ClassVar

from proxy.dialects.base import SHOWN, SILENT, Document
from proxy.dialects.estimate import utf8_bytes
from proxy.dialects.fields import text
from proxy.dialects.openai_chat import OpenAIChat


class OpenAICompletions(OpenAIChat):
    """One completion."""

    __slots__ = ()

    prompt_field: ClassVar[str] = "prompt"

    def _read_choice(self, choice: dict[str, Any]) -> int:
        super()._read_choice(choice)
        shown_bytes = utf8_bytes(choice.get("text"))
        self._output_bytes += shown_bytes
        return SHOWN if shown_bytes else SILENT

    def _text_of(self, choice: Document) -> str | None:
        others = choice.get("delta") or choice.get("message")
        return None if others else text(choice.get("text"))

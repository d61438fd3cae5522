"""Rerankers: nothing is generated, so a total of tokens is the prompt's.

Jina (api.jina.ai/redoc, `/v1/rerank`), Voyage (docs.voyageai.com/reference/reranker-api) and all
that speak the same tell `usage.total_tokens` alone.
"""

from typing import ClassVar

from proxy.dialects.base import ResponseFacts
from proxy.dialects.unknown import UnknownJson


class Rerank(UnknownJson):
    """One question and its documents in a new order."""

    __slots__ = ()

    marks_end: ClassVar[bool] = False

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """What was seen; a total of tokens is known to be the prompt's."""
        if self._facts.usage is not None:
            self._facts.usage.pop("estimated", None)
        return self._facts

"""How long a broker may hold a fetch that finds nothing.

aiokafka has one fetch on its way to a broker at a time. Where records of some partitions have
waited here for a tenth of a second, it asks for the other partitions alone. If these are at their
end the broker holds that fetch, for a second and a half as Faust wants it, and what was waiting is
taken long before; until the fetch is back nobody asks for more. A table of 200,000 users took 7 to
13 seconds to restore, by chance. (`Fetcher._get_actions_per_node` of aiokafka 0.14.)
"""

from typing import Any

from aiokafka.consumer.fetcher import Fetcher

BUSY_WAIT_MS = 50


class BusyFetcher(Fetcher):
    """A fetcher that has the broker answer soon while records wait to be taken.

    With nothing to take, a fetch waits at the broker for as long as aiokafka was told.
    """

    @property
    def _fetch_max_wait_ms(self) -> int:
        idle_ms: int = self.__dict__["_fetch_max_wait_ms"]
        return min(BUSY_WAIT_MS, idle_ms) if self._records else idle_ms

    @_fetch_max_wait_ms.setter
    def _fetch_max_wait_ms(self, idle_ms: int) -> None:
        self.__dict__["_fetch_max_wait_ms"] = idle_ms


def mend_fetcher(consumer: Any) -> None:
    """Let an `AIOKafkaConsumer` that has started fetch like that, from its next fetch on."""
    consumer._fetcher.__class__ = BusyFetcher

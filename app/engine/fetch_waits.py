"""How long a broker may hold a fetch that finds nothing.

aiokafka has one fetch on its way to a broker at a time. Where records of some partitions have
waited here for a tenth of a second, it asks for the other partitions alone. If these are at their
end the broker holds that fetch, for a second and a half as Faust wants it, and what was waiting is
taken long before; until the fetch is back nobody asks for more. A table of 200,000 users took 7 to
13 seconds to restore, by chance. (`Fetcher._get_actions_per_node` of aiokafka 0.14.)

So a fetch may wait for a tenth of the time for which the newest records have waited here: at most
that share of the time is lost, and a partition that is held for hours costs no busy polling.
"""

import time
from typing import Any

from aiokafka.consumer.fetcher import Fetcher

LEAST_MS = 50
SHARE = 0.1


def wait_ms(idle_ms: int, age_s: float) -> int:
    """What a fetch may wait for, where the newest records that wait here came so long ago."""
    return min(idle_ms, max(LEAST_MS, int(age_s * 1000 * SHARE)))


class PromptFetcher(Fetcher):
    """A fetcher that has the broker answer soon while records wait to be taken.

    With nothing to take, a fetch waits at the broker for as long as aiokafka was told.
    """

    @property
    def _fetch_max_wait_ms(self) -> int:
        idle_ms: int = self.__dict__["_fetch_max_wait_ms"]
        if not self._records:
            return idle_ms
        newest_s = max(each._created for each in self._records.values())
        return wait_ms(idle_ms, time.monotonic() - newest_s)

    @_fetch_max_wait_ms.setter
    def _fetch_max_wait_ms(self, idle_ms: int) -> None:
        self.__dict__["_fetch_max_wait_ms"] = idle_ms


def mend_fetcher(consumer: Any) -> None:
    """Let an `AIOKafkaConsumer` that has started fetch like that, from its next fetch on."""
    consumer._fetcher.__class__ = PromptFetcher

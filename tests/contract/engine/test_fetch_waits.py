"""Where aiokafka's fetcher reads what `PromptFetcher` answers."""

import inspect

from aiokafka.consumer.fetcher import Fetcher, FetchError, FetchResult


def test_what_is_asked_for_is_read_where_a_request_is_made() -> None:
    assert inspect.getsource(Fetcher).count("self._fetch_max_wait_ms") == 2
    made = inspect.getsource(Fetcher._get_actions_per_node)
    assert made.count("self._fetch_max_wait_ms") == 1


def test_what_waits_to_be_taken_says_when_it_came() -> None:
    for each in (FetchResult, FetchError):
        assert "self._created = time.monotonic()" in inspect.getsource(each)

"""The error tree: one root, and what each error carries."""

import inspect

import pytest

from app import errors


def declared() -> list[type[BaseException]]:
    return [
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if each.__module__ == errors.__name__
    ]


@pytest.mark.parametrize("error", declared())
def test_every_error_has_our_root_and_is_on_the_map(error: type[BaseException]) -> None:
    assert issubclass(error, errors.TailraceError)
    assert error.__name__ in (errors.__doc__ or "")
    assert error.__doc__


def test_a_record_error_carries_its_reason_and_detail() -> None:
    error = errors.RecordError("invalid", "user: too long")
    assert (error.reason, error.detail) == ("invalid", "user: too long")
    assert str(error) == "invalid: user: too long"


@pytest.mark.parametrize("kind", ["connect", "first_byte", "idle"])
def test_a_timeout_says_at_what(kind: str) -> None:
    error = errors.UpstreamTimeout(kind)  # type: ignore[arg-type]
    assert (error.kind, str(error)) == (kind, f"upstream timeout: {kind}")
    assert isinstance(error, errors.UpstreamError)


def test_a_refused_call_carries_its_answer() -> None:
    error = errors.RelayRefused(404, "unknown_upstream", "no upstream is called x")
    assert (error.status, error.code, str(error)) == (
        404,
        "unknown_upstream",
        "no upstream is called x",
    )


def test_unavailable_says_when_to_ask_again() -> None:
    assert errors.Unavailable("recovering").retry_after_s == 1
    assert errors.Unavailable("recovering", 7.5).retry_after_s == 7.5


def test_an_object_store_says_what_state_it_is_in() -> None:
    error = errors.StoreUnavailable("throttled", "PutObject answered 503 SlowDown", 4)
    assert (error.state, error.retry_after_s) == ("throttled", 4)
    assert isinstance(error, errors.SinkUnavailable)

"""Secrets are encrypted, bound to their endpoint, and readable after a change of the key."""

import pytest

from app.webhooks.sealing import Sealer, SealError, derived


def test_sealed_and_opened() -> None:
    sealer = Sealer(["the first key of all"])
    sealed = sealer.seal("whsec_x", "we_1")
    assert "whsec_x" not in sealed
    assert sealer.open(sealed, "we_1") == "whsec_x"
    assert sealer.seal("whsec_x", "we_1") != sealed


def test_a_secret_of_one_endpoint_is_none_of_another() -> None:
    sealer = Sealer(["the first key of all"])
    with pytest.raises(SealError, match="SECRET_KEY"):
        sealer.open(sealer.seal("whsec_x", "we_1"), "we_2")


def test_a_new_key_before_the_old_one_reads_both() -> None:
    old = Sealer(["the first key of all"])
    both = Sealer(["the second of the keys", "the first key of all"])
    new = Sealer(["the second of the keys"])
    assert both.open(old.seal("a", "we_1"), "we_1") == "a"
    assert new.open(both.seal("b", "we_1"), "we_1") == "b"
    with pytest.raises(SealError):
        new.open(old.seal("a", "we_1"), "we_1")


@pytest.mark.parametrize("damaged", ["", "v0:AAAA", "v1:", "v1:!!!", "v1:AAAA", "v1:" + "A" * 80])
def test_what_is_damaged_is_told(damaged: str) -> None:
    with pytest.raises(SealError):
        Sealer(["the first key of all"]).open(damaged, "we_1")


def test_without_a_key_nothing_is_sealed_or_opened() -> None:
    sealed = Sealer(["the first key of all"]).seal("a", "we_1")
    nothing = Sealer([])
    assert not nothing.has_key
    with pytest.raises(SealError):
        nothing.seal("a", "we_1")
    with pytest.raises(SealError):
        nothing.open(sealed, "we_1")


def test_a_key_of_one_purpose_is_none_of_another() -> None:
    assert derived("k", "one") != derived("k", "two")
    assert len(derived("k", "one")) == 32

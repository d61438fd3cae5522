from app.record.bodies import BodyPart
from proxy.capture.body_copy import TOGETHER_BYTES, BodyCopy
from tests.support.large import MemoryLargeBody


def test_it_keeps_what_fits() -> None:
    copy = BodyCopy(5)
    assert copy.data() == b""
    for chunk in (b"ab", b"", b"cde"):
        copy.add(chunk)
    assert (copy.data(), copy.data(), copy.fate) == (b"abcde", b"abcde", "kept")


def test_it_lets_all_go_when_it_outgrows_its_limit() -> None:
    copy = BodyCopy(5)
    for chunk in (b"abc", b"def", b"g"):
        copy.add(chunk)
    assert (copy.data(), copy.fate) == (b"", "too_large")


def test_one_chunk_is_not_copied() -> None:
    chunk = b"abc" * 10
    copy = BodyCopy(100)
    copy.add(chunk)
    assert copy.data() is chunk


def test_it_grows_on_after_being_read() -> None:
    copy = BodyCopy(100)
    for chunk in (b"a", b"b"):
        copy.add(chunk)
    assert copy.data() == b"ab"
    copy.add(b"c")
    assert copy.data() == b"abc"


async def test_beyond_its_limit_a_body_goes_elsewhere_from_the_first_byte() -> None:
    large = MemoryLargeBody("b")
    copy = BodyCopy(5, lambda: large)
    copy.add(b"abc")
    assert (copy.large, copy.fate) == (None, "kept")
    for chunk in (b"def", b"g"):
        copy.add(chunk)
    assert (copy.large, large.data, copy.data(), copy.fate) == (large, b"abcdefg", b"", "dropped")
    large.settle()
    assert copy.fate == "kept"
    assert copy.part("a/b", "gzip") == BodyPart("a/b", "gzip", b"", large.stored)


def test_the_part_of_what_fits_has_its_bytes() -> None:
    copy = BodyCopy(5)
    copy.add(b"abc")
    assert copy.part("a/b", "") == BodyPart("a/b", "", b"abc")


async def test_small_chunks_are_joined_and_none_is_late_for_the_limit() -> None:
    large = MemoryLargeBody("b")
    copy = BodyCopy(TOGETHER_BYTES + 2, lambda: large)
    chunks = [b"%d," % each for each in range(TOGETHER_BYTES)]
    for chunk in chunks:
        copy.add(chunk)
    assert len(copy._chunks) + len(copy._new) < len(chunks) / 2
    assert (copy.large, large.data) == (large, b"".join(chunks))


def test_what_fits_to_the_byte_is_kept() -> None:
    copy = BodyCopy(TOGETHER_BYTES + 2)
    for _ in range(TOGETHER_BYTES + 2):
        copy.add(b"x")
    assert (copy.fate, len(copy.data())) == ("kept", TOGETHER_BYTES + 2)
    copy.add(b"x")
    assert (copy.fate, copy.data()) == ("too_large", b"")

from proxy.capture.body_copy import BodyCopy


def test_it_keeps_what_fits() -> None:
    copy = BodyCopy(5)
    assert copy.data() == b""
    for chunk in (b"ab", b"", b"cde"):
        copy.add(chunk)
    assert (copy.data(), copy.data(), copy.outgrown) == (b"abcde", b"abcde", False)


def test_it_lets_all_go_when_it_outgrows_its_limit() -> None:
    copy = BodyCopy(5)
    for chunk in (b"abc", b"def", b"g"):
        copy.add(chunk)
    assert (copy.data(), copy.outgrown) == (b"", True)


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

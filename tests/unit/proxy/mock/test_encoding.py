import zlib

import brotli
import pytest
import zstandard

from proxy.mock.encoding import ENCODINGS, encoder

PIECES = [b"data: one\n\n", b"data: two\n\n", "data: é\n\n".encode()]


class Decoder:
    """The reference decoder of one coding, fed piece by piece."""

    def __init__(self, name: str) -> None:
        self.feed = {
            "gzip": lambda: zlib.decompressobj(31).decompress,
            "deflate": lambda: zlib.decompressobj(15).decompress,
            "br": lambda: brotli.Decompressor().process,
            "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
        }[name]()


@pytest.mark.parametrize("name", sorted(ENCODINGS))
def test_each_piece_can_be_decoded_as_soon_as_it_is_there(name: str) -> None:
    coding, decoder = encoder(name), Decoder(name)
    for piece in PIECES:
        assert decoder.feed(coding.encode(piece)) == piece
    assert decoder.feed(coding.end()) == b""


@pytest.mark.parametrize("name", sorted(ENCODINGS))
def test_equal_pieces_give_equal_bytes(name: str) -> None:
    def whole() -> bytes:
        coding = encoder(name)
        return b"".join(coding.encode(piece) for piece in PIECES) + coding.end()

    assert whole() == whole()


def test_no_coding_changes_nothing() -> None:
    coding = encoder(None)
    assert coding.encode(b"x") + coding.end() == b"x"


def test_an_unknown_coding_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        encoder("rot13")

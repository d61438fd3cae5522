"""The dead letter fits into its topic, whatever the message was."""

from app.record.codec import MAX_DEAD_LETTER_BYTES, decode_dead_letter, encode_dead_letter
from app.record.dead_letter import MAX_RAW_VALUE_BYTES, DeadLetter, Origin
from app.record.topics import Topics
from tests.support.records import STARTED_AT

ORIGIN = Origin(topic="tailrace.exchanges", partition=3, offset=42, epoch="e1")


def letter(raw_key: bytes | None, raw_value: bytes | None, detail: str = "d") -> DeadLetter:
    return DeadLetter.of(
        "too_large",
        detail,
        origin=ORIGIN,
        stage="meter",
        attempt=1,
        dead_at=STARTED_AT,
        raw_key=raw_key,
        raw_value=raw_value,
    )


def test_ten_megabytes_are_kept_whole() -> None:
    raw = bytes(range(256)) * 40_960
    kept = decode_dead_letter(encode_dead_letter(letter(b"k", raw)))
    assert (kept.raw_value, kept.cut_bytes) == (raw, 0)


def test_more_is_cut_and_says_how_much() -> None:
    cut = letter(b"k" * 70_000, b"v" * (MAX_RAW_VALUE_BYTES + 7))
    assert cut.cut_bytes == 70_000 - 65_536 + 7
    size_bytes = len(encode_dead_letter(cut))
    limit_bytes = next(
        int(spec.configs["max.message.bytes"])
        for spec in Topics().specs()
        if spec.name == Topics().dead_letters
    )
    assert size_bytes < min(limit_bytes, MAX_DEAD_LETTER_BYTES)


def test_a_long_or_unwritable_detail_is_made_writable() -> None:
    kept = letter(None, None, "\ud800" + "x" * 5000)
    assert kept.detail.startswith("?xxx")
    assert len(kept.detail) == 1000
    assert decode_dead_letter(encode_dead_letter(kept)) == kept


def test_raw_bytes_are_base64_with_the_url_safe_alphabet_on_the_wire() -> None:
    assert b'"raw_value":"-_-_"' in encode_dead_letter(letter(None, b"\xfb\xff\xbf"))

import pytest

from proxy.capture.form import boundary_in, text_fields


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b"', b"a b"),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", b""),
        ("application/json; boundary=abc", None),
        ("", None),
        ("multipart/form-data; boundary=\x00é", "\x00é".encode("latin-1")),
    ],
)
def test_boundary_in(content_type: str, boundary: bytes | None) -> None:
    assert (boundary_in(content_type) or None) == (boundary or None)


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def test_text_fields_and_no_file() -> None:
    form = (
        part("model", b"whisper-1")
        + part("file", b"RIFF", '; filename="a.wav"\r\nContent-Type: audio/wav')
        + part("prompt", "é\r\nx".encode())
        + b"--b--\r\n"
    )
    assert text_fields(form, b"b") == {"model": "whisper-1", "prompt": "é\r\nx"}


def test_what_is_not_whole_or_too_long_is_left_out() -> None:
    form = part("model", b"m") + part("long", b"x" * 2000) + part("stream", b"tru")[:-2]
    assert text_fields(form, b"b") == {"model": "m"}


@pytest.mark.parametrize("head", [b"", b"--b", b"--b\r\n--b--", b"\xff" * 50, b"--b\r\n\r\n--b"])
def test_what_is_no_form_has_no_fields(head: bytes) -> None:
    assert text_fields(head, b"b") == {}

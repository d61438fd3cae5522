import pytest

from app.redaction import Redactor, mask_query, mask_url, redact_text


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://api.openai.com/v1/models", "https://api.openai.com/v1/models"),
        ("https://user:pass@host/v1?x=1", "https://***@host/v1?x=1"),
        ("https://host/v1?key=AIzaSecret&alt=sse", "https://host/v1?key=***&alt=sse"),
        ("https://h/p?API_KEY=s&a=b", "https://h/p?API_KEY=***&a=b"),
        ("https://h/p?api%5Fkey=s", "https://h/p?api%5Fkey=***"),
        ("https://h/p?a=b&access_token=s;sig=t#f", "https://h/p?a=b&access_token=***;sig=***#f"),
        (
            "https://h/p?X-Amz-Signature=s&X-Amz-Credential=c",
            "https://h/p?X-Amz-Signature=***&X-Amz-Credential=***",
        ),
        ("https://h/p?key=a=b", "https://h/p?key=***"),
        ("https://h/p?", "https://h/p?"),
        ("/v1/a@b?password=x", "/v1/a@b?password=***"),
    ],
)
def test_mask_url(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_mask_query_keeps_what_is_no_secret() -> None:
    assert mask_query("limit=5&after=x&&flag") == "limit=5&after=x&&flag"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Incorrect key: sk-proj-abc_DEF-0123456789.", "Incorrect key: ***."),
        (
            "GET https://u:p@h/x?key=abc&alt=sse failed",
            "GET https://***@h/x?key=***&alt=sse failed",
        ),
        ("{'Authorization': 'Bearer abc.def-123456'}", "{'Authorization': '***'}"),
        ('{"x-api-key": "abcdefgh", "n": 1}', '{"x-api-key": "***", "n": 1}'),
        ("(b'x-goog-api-key', b'abcdefgh')", "(b'x-goog-api-key', b'***')"),
        ("said Bearer abcdefgh12345 to us", "said Bearer *** to us"),
        ("AIzaSyA0123456789abcdefghijklmnop and gsk_0123456789abcdefgh", "*** and ***"),
        ("max_tokens=5 for key user-1, 3 tokens", "max_tokens=5 for key user-1, 3 tokens"),
        ("a task-sk-1 of the basic kind", "a task-sk-1 of the basic kind"),
    ],
)
def test_redact_text(text: str, clean: str) -> None:
    assert redact_text(text) == clean
    assert redact_text(clean) == clean


def test_known_secrets_and_the_passwords_of_known_addresses() -> None:
    redact = Redactor(["plain words", "clickhouse://u:pass%21word@h/db", "abc", "http://[x"])
    assert redact("plain words, pass!word, pass%21word, abc") == "***, ***, ***, abc"


@pytest.mark.parametrize(
    "nasty",
    [
        "a-",
        "key-",
        "eyJ-",
        "eyJa.",
        "a?b",
        "://a",
        "password ",
        "bearer ",
        "?a=",
        "api-key",
        " ",
        "sk-",
        "x-api_",
        "'",
        "basic\n",
    ],
)
def test_no_text_takes_long(nasty: str) -> None:
    """A pattern that goes over the rest of the text at each place would take hours here."""
    text = nasty * (1_000_000 // len(nasty))
    assert redact_text(text)

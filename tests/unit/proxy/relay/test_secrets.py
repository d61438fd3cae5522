import pytest

from proxy.relay.secrets import mask_query, mask_url


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

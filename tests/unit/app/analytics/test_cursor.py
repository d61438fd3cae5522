from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.cursor import MAX_MS, Place, decode, encode
from app.errors import QueryRefused
from tests.support.records import REQUEST_ID


@given(st.integers(0, MAX_MS - 1), st.uuids())
def test_a_place_comes_back(started_ms: int, request_id: object) -> None:
    place = Place(started_ms, str(request_id))
    text = encode(place)
    assert decode(text) == place
    assert text.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=300))
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(QueryRefused) as raised:
        decode(text)
    assert (raised.value.status, raised.value.field) == (400, "cursor")


@pytest.mark.parametrize(
    "inside",
    [
        f'[2,5,"{REQUEST_ID}"]',
        f'[1,-5,"{REQUEST_ID}"]',
        f'[1,{1 << 60},"{REQUEST_ID}"]',
        f'[1,true,"{REQUEST_ID}"]',
        f'[1,5.5,"{REQUEST_ID}"]',
        '[1,5,"\' OR 1=1 --"]',
        '{"a":1}',
        "1",
    ],
)
def test_what_is_encoded_like_one_and_is_none(inside: str) -> None:
    with pytest.raises(QueryRefused):
        decode(urlsafe_b64encode(inside.encode()).decode().rstrip("="))

import pytest

from proxy.relay.headers import encode_head, split_request, split_response


def test_a_request_keeps_order_spelling_and_duplicates() -> None:
    raw = [
        (b"Host", b"relay"),
        (b"X-B", b"1"),
        (b"x-a", b"2"),
        (b"Authorization", b"Bearer k"),
        (b"X-B", b"3"),
        (b"Content-Length", b"2"),
    ]
    assert split_request(raw).passed == raw[1:]


@pytest.mark.parametrize(
    "name",
    [
        b"Connection",
        b"Keep-Alive",
        b"Proxy-Connection",
        b"Proxy-Authorization",
        b"Proxy-Authenticate",
        b"TE",
        b"Trailer",
        b"Transfer-Encoding",
        b"Upgrade",
    ],
)
def test_hop_by_hop_fields_stay_behind_both_ways(name: bytes) -> None:
    raw = [(name, b"value"), (b"Accept", b"*/*")]
    assert split_request(raw).passed == [(b"Accept", b"*/*")]
    assert split_response(raw).passed == [(b"Accept", b"*/*")]


@pytest.mark.parametrize(
    ("values", "coded"), [([b"chunked"], False), ([b"CHUNKED"], False), ([b"br", b"chunked"], True)]
)
def test_a_transfer_coding_besides_chunked_is_noted(values: list[bytes], coded: bool) -> None:
    head = split_request([(b"transfer-encoding", value) for value in values])
    assert (head.chunked, head.transfer_coded) == (True, coded)


def test_fields_named_by_connection_stay_behind_both_ways() -> None:
    raw = [
        (b"connection", b"close, X-Hop ,x-other"),
        (b"x-hop", b"1"),
        (b"X-OTHER", b"2"),
        (b"x", b"3"),
    ]
    assert split_request(raw).passed == [(b"x", b"3")]
    assert split_response(raw).passed == [(b"x", b"3")]


@pytest.mark.parametrize("name", [b"Host", b"Expect", b"Tailrace-Auth", b"helicone-anything"])
def test_what_never_reaches_an_upstream(name: bytes) -> None:
    assert split_request([(name, b"v")]).passed == []


def test_own_fields_are_set_apart_in_lower_case_and_traces_are_passed_too() -> None:
    head = split_request(
        [(b"Tailrace-User-Id", b"a"), (b"Traceparent", b"00-x"), (b"X-Stainless-Retry-Count", b"1")]
    )
    assert head.own == [
        (b"tailrace-user-id", b"a"),
        (b"traceparent", b"00-x"),
        (b"x-stainless-retry-count", b"1"),
    ]
    assert head.passed == [(b"Traceparent", b"00-x"), (b"X-Stainless-Retry-Count", b"1")]


def test_what_the_copy_needs_of_a_request() -> None:
    head = split_request(
        [
            (b"Content-Type", b"application/json"),
            (b"Content-Encoding", b"gzip"),
            (b"content-encoding", b"br"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Expect", b"100-Continue"),
            (b"authorization", b"x"),
        ]
    )
    assert (head.content_type, head.content_encoding) == (b"application/json", b"gzip, br")
    assert head.chunked
    assert head.expects_continue
    assert head.authorized


@pytest.mark.parametrize("name", [b"X-Request-Id", b"request-id", b"apim-request-id"])
def test_what_the_copy_needs_of_a_response(name: bytes) -> None:
    head = split_response(
        [(b"content-type", b"a/b"), (b"Content-Encoding", b"zstd"), (name, b"r1"), (b"X", b"1")]
    )
    assert (head.content_type, head.content_encoding) == (b"a/b", b"zstd")
    assert head.provider_request_id == b"r1"
    assert head.content_length is None
    assert len(head.passed) == 4


def test_the_length_passes_once() -> None:
    head = split_response([(b"Content-Length", b"5"), (b"content-length", b"5")])
    assert head.content_length == 5
    assert head.passed == [(b"Content-Length", b"5")]


def test_an_upstreams_own_relay_id_gives_way_to_ours() -> None:
    assert split_response([(b"Tailrace-Request-Id", b"theirs")]).passed == []


def test_a_head_is_encoded_as_it_came() -> None:
    head = encode_head(200, b"Fine", [(b"a", b"1"), (b"A", b"caf\xe9")], b"ours: yes\r\n")
    assert head == b"HTTP/1.1 200 Fine\r\na: 1\r\nA: caf\xe9\r\nours: yes\r\n\r\n"


@pytest.mark.parametrize("value", [b"a\r\nSet-Cookie: x", b"a\nb", b"a\rb", b"a\0b"])
def test_a_field_cannot_break_out_of_its_line(value: bytes) -> None:
    with pytest.raises(ValueError, match="control"):
        encode_head(200, b"OK", [(b"x", value)], b"")
    with pytest.raises(ValueError, match="control"):
        encode_head(200, value, [], b"")

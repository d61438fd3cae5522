from proxy.upstream.http1.client import Http1Upstream
from proxy.upstream.http1.response import Http1Response
from proxy.upstream.memory import MemoryResponse, MemoryUpstream
from proxy.upstream.protocol import UpstreamClient, UpstreamRequest, UpstreamResponse


def test_both_clients_are_of_the_protocol() -> None:
    # mypy checks the assignments; what they promise is in tests/contract/proxy.
    clients: list[type[UpstreamClient]] = [Http1Upstream, MemoryUpstream]
    responses: list[type[UpstreamResponse]] = [Http1Response, MemoryResponse]
    assert all(callable(each.send) and callable(each.close) for each in clients)
    assert all(callable(each.read) and callable(each.abort) for each in responses)


def test_a_request_has_no_body_unless_given_one() -> None:
    assert UpstreamRequest("GET", "http://h", "/", []).body is None

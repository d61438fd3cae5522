"""Which exchanges are recorded where not all are."""

from app.record.draft import drafted
from proxy.sampling import Sampler
from tests.support.metering import numbered

RECORDS = [
    drafted(numbered(n, request_id=f"{n:08x}-0000-7000-8000-000000000000")) for n in range(4000)
]


def test_a_share_of_them_the_same_ones_each_time() -> None:
    sampler = Sampler(0.25)
    kept = [each for each in RECORDS if sampler.keeps(each)]
    assert 0.2 < len(kept) / len(RECORDS) < 0.3
    assert kept == [each for each in RECORDS if Sampler(0.25).keeps(each)]
    assert not any(Sampler(0.0).keeps(each) for each in RECORDS)
    assert Sampler(1.0).is_off
    assert all(Sampler(1.0).keeps(each) for each in RECORDS)


def test_failures_are_always_kept() -> None:
    for changes in ({"outcome": "timeout"}, {"status": 429}, {"outcome": "client_abort"}):
        assert Sampler(0.0).keeps(drafted(numbered(1, **changes)))


def test_a_tenant_of_its_own() -> None:
    sampler = Sampler(0.0, {"acme": 1.0})
    assert sampler.keeps(drafted(numbered(1, tenant="acme")))
    assert not sampler.keeps(drafted(numbered(1)))

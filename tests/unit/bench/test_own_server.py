"""The ratios to ours."""

from tests.bench.load import Cost
from tests.bench.own_server import to_ours


def test_the_protocols_in_ratio_to_ours() -> None:
    found = {
        "request": {
            "protocols": [Cost(1.0, None), Cost(3.0, None)],
            "logging off": [Cost(2.0, None), Cost(6.0, None)],
        }
    }
    assert to_ours(found)["request protocols to ours"].median == 0.5

import pytest

from tests.support.ordering import rank


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        (set(), 0),
        ({"asyncio", "parametrize"}, 0),
        ({"slow"}, 1),
        ({"embedded", "slow"}, 2),
        ({"kafka"}, 3),
        ({"kafka", "slow"}, 3),
        ({"kafka", "chaos"}, 4),
    ],
)
def test_rank(markers: set[str], expected: int) -> None:
    assert rank(markers) == expected

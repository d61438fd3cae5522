"""Price files: what they say, in which order, and one line for each mistake."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import StartError
from app.pricing.overrides import Overrides
from app.pricing.rates import Rates
from app.pricing.schedule import Schedule
from app.record.fact import UnpricedReason
from app.record.model import Usage

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OURS = Path(__file__).parents[4] / "config" / "prices.toml"


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def writing(text: str, name: str = "prices.toml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return writing


def cost(
    overrides: Overrides, model: str, usage: Usage, time: datetime = NOW
) -> int | UnpricedReason:
    rates = Schedule(overrides.steps(("mine", "openai"), model)).rates_at(time)
    return rates.nano_usd(usage) if isinstance(rates, Rates) else rates


ONE = Usage(input=1, output=1)


def test_rows_match_by_name_or_prefix_and_the_first_one_counts(write) -> None:  # type: ignore[no-untyped-def]
    overrides = Overrides.read(
        [
            write("""
                [[price]]
                provider = "mine"
                model = "Llama-3-8b"
                usd_per_mtok = { input = 1, output = 0.5 }
                [[price]]
                provider = "openai"
                model = "llama*"
                usd_per_mtok = { input = 3, output = 3 }
                [[price]]
                provider = "other"
                model = "*"
                usd_per_mtok = { input = 9, output = 9 }
            """)
        ]
    )
    assert cost(overrides, "llama-3-8B", ONE) == 1500
    assert cost(overrides, "llama-3-70b", ONE) == 6000
    assert cost(overrides, "mixtral", ONE) == "unknown_model"


def test_a_row_holds_from_its_date_on(write) -> None:  # type: ignore[no-untyped-def]
    overrides = Overrides.read(
        [
            write("""
                [[price]]
                provider = "mine"
                model = "m"
                since = 2026-01-01
                usd_per_mtok = { input = 2, output = 2 }
                [[price]]
                provider = "mine"
                model = "m"
                usd_per_mtok = { input = 5, output = 5 }
            """)
        ]
    )
    assert cost(overrides, "m", ONE, NOW) == 4000
    assert cost(overrides, "m", ONE, datetime(2025, 12, 31, 23, 59, tzinfo=UTC)) == 10_000


def test_tiers_change_the_prices_they_name(write) -> None:  # type: ignore[no-untyped-def]
    overrides = Overrides.read(
        [
            write("""
                [[price]]
                provider = "mine"
                model = "m"
                usd_per_mtok = { input = 1, output = 1 }
                tiers = [ { above_input_tokens = 10, usd_per_mtok = { input = 2 } } ]
            """)
        ]
    )
    assert cost(overrides, "m", Usage(input=10, output=1)) == 11_000
    assert cost(overrides, "m", Usage(input=11, output=1)) == 23_000


def test_decimals_are_exact(write) -> None:  # type: ignore[no-untyped-def]
    row = '[[price]]\nprovider = "mine"\nmodel = "m"\nusd_per_mtok = { input = 0.1 }'
    overrides = Overrides.read([write(row)])
    assert cost(overrides, "m", Usage(input=3 * 10**11)) == 3 * 10**13


def test_earlier_files_come_first_and_the_version_tells_them_apart(write) -> None:  # type: ignore[no-untyped-def]
    row = '[[price]]\nprovider = "mine"\nmodel = "m"\nusd_per_mtok = {{ input = {} }}\n'
    first = write(row.format(1) + '[providers]\nx = "openai"', "first.toml")
    second = write(row.format(7) + '[providers]\nx = "none"\ny = "aws"', "second.toml")
    both = Overrides.read([first, second])
    assert cost(both, "m", Usage(input=1)) == 1000
    assert both.providers == {"x": "openai", "y": "aws"}
    versions = {Overrides.read(paths).version for paths in ([first], [second], [first, second])}
    assert len(versions) == 3
    assert {len(version) for version in versions} == {8}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[price", "not TOML"),
        ('[[price]]\nprovider = "p"\nmodel = "m"', "usd_per_mtok"),
        ('[[price]]\nprovider = "p"\nmodel = "m"\nusd_per_mtok = {}', "usd_per_mtok"),
        ('[[price]]\nprovider = "p"\nmodel = "m"\nusd_per_mtok = { inputs = 1 }', "inputs"),
        ('[[price]]\nprovider = "p"\nmodel = "m"\nusd_per_mtok = { input = -1 }', "greater than"),
        ('[[price]]\nprovider = "p"\nmodel = "m"\nusd_per_mtok = { input = 2001 }', "2000"),
        ('[[price]]\nprovider = "p"\nmodel = "m"\nusd_per_mtok = { input = nan }', "finite"),
        ("colour = 1", "colour"),
        (
            '[[price]]\nprovider = "p"\nmodel = "m"\nusd_per_mtok = { input = 1 }\n'
            "tiers = [ { above_input_tokens = 1, usd_per_mtok = { output = 1 } } ]",
            "a tier has a price for a kind",
        ),
    ],
)
def test_a_mistake_stops_the_start_with_one_line(write, text: str, complaint: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StartError, match=complaint) as raised:
        Overrides.read([write(text)])
    assert "prices.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read"):
        Overrides.read([tmp_path / "none.toml"])


def test_our_own_file_is_sound() -> None:
    ours = Overrides.read([OURS])
    assert ours.steps(("mock",), "anything")
    assert ours.providers["gemini"] == "google"

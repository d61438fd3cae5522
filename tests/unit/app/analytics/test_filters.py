import pytest

from app.analytics.filters import check_names, conditions_of, period_of
from app.errors import QueryRefused

NASTY = "x' OR 1=1; DROP TABLE exchanges --"


def field_of(*pairs: tuple[str, str]) -> str | None:
    def all_of_it() -> None:
        check_names(pairs, frozenset())
        conditions_of(pairs, "t")
        period_of(pairs)

    with pytest.raises(QueryRefused) as raised:
        all_of_it()
    assert raised.value.status == 400
    return raised.value.field


def test_the_tenant_is_always_a_condition() -> None:
    conditions = conditions_of([], "acme")
    assert conditions.where == "tenant = {p0:String}"
    assert conditions.parameters == {"p0": "acme"}


def test_nothing_from_outside_is_in_the_text() -> None:
    names = ["user", "model", "provider", "dialect", "session_id", "key_id", f"property.{NASTY}"]
    conditions = conditions_of([(name, NASTY) for name in names], "acme")
    assert "DROP" not in conditions.where
    assert sum(NASTY in str(value) for value in conditions.parameters.values()) == len(names) + 1


def test_statuses_are_numbers_and_classes() -> None:
    conditions = conditions_of([("status", "429,5xx"), ("status", "404")], "t")
    assert list(conditions.parameters.values()) == ["t", [429, 404], [5]]


def test_yes_no_and_bounds() -> None:
    pairs = [("has_error", "false"), ("unpriced", "true"), ("min_cost_nano_usd", "5")]
    conditions = conditions_of(pairs, "t")
    assert "NOT is_error" in conditions.where
    assert "isNull(cost_nano_usd)" in conditions.where
    assert "cost_nano_usd >= {p1:Int64}" in conditions.where


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("status", "4x")], "status"),
        ([("status", "1000")], "status"),
        ([("status", "")], "status"),
        ([("outcome", "fine")], "outcome"),
        ([("has_error", "maybe")], "has_error"),
        ([("min_cost_nano_usd", "-1")], "min_cost_nano_usd"),
        ([("max_latency_ms", "x")], "max_latency_ms"),
        ([("usr", "a")], "usr"),
        ([("property.", "a")], "property."),
        ([("property.a\n", "a")], "property.a\n"),
        ([("property.a", "")], "property.a"),
        ([(f"property.{n}", "a") for n in range(11)], "property.*"),
        ([("from", "2026-01-02"), ("to", "2026-01-02")], "to"),
        ([("from", "yesterday")], "from"),
    ],
)
def test_bad_values_name_their_field(pairs: list[tuple[str, str]], field: str) -> None:
    assert field_of(*pairs) == field


def test_a_period_may_be_open() -> None:
    assert period_of([]) == (None, None)
    assert period_of([("to", "1970-01-02")]) == (None, 86_400_000)

import pytest

from app.errors import StartError
from app.sinks.clickhouse.migrations import Migration, migration_of, migrations, newer, pending

ONE, TWO, THREE = (Migration(number, "m", ()) for number in (1, 2, 3))


def test_statements_end_with_a_semicolon_at_the_end_of_a_line() -> None:
    text = "-- a comment; not a statement\nCREATE a\n(b String DEFAULT ';x');\n\n-- c;\nCREATE d;\n"
    made = migration_of("0012_some_name.sql", text)
    assert (made.version, made.name) == (12, "some_name")
    assert made.statements == ("CREATE a\n(b String DEFAULT ';x')", "CREATE d")


@pytest.mark.parametrize("name", ["1_a.sql", "0001-a.sql", "0001_A.sql", "a.sql"])
def test_other_names_are_no_migrations(name: str) -> None:
    with pytest.raises(StartError, match=name):
        migration_of(name, "")


def test_those_of_this_build_can_be_run_again_and_begin_with_the_exchanges() -> None:
    found = migrations()
    assert (found[0].version, found[0].name) == (1, "exchanges")
    assert len({each.version for each in found}) == len(found)
    for statement in (each for migration in found for each in migration.statements):
        head = " ".join(statement.split()).upper()
        assert "IF NOT EXISTS" in head or "IF EXISTS" in head or head.startswith("ALTER"), head


def test_what_is_missing_is_run_in_order() -> None:
    known = [ONE, TWO, THREE]
    assert pending(known, set()) == known
    assert pending(known, {2}) == [ONE, THREE]
    assert pending(known, {1, 2, 3}) == []


@pytest.mark.parametrize(
    ("applied", "expected"), [(set(), None), ({1, 2}, None), ({2, 3}, 3), ({1, 9}, 9)]
)
def test_a_version_we_do_not_know_is_newer(applied: set[int], expected: int | None) -> None:
    assert newer([ONE, TWO], applied) == expected

from app.reference.markdown import NOTICE, code, page, prose, table


def test_a_page() -> None:
    assert page("T", "\na\n", "b") == f"# T\n\n{NOTICE}\n\na\n\nb\n"


def test_a_table_keeps_each_cell_in_its_cell() -> None:
    assert table(("a", "b"), [("x|y", "two\nlines")]) == (
        "| a | b |\n| --- | --- |\n| x\\|y | two lines |"
    )


def test_code() -> None:
    assert code("x") == "`x`"
    assert code("") == ""


def test_prose_keeps_what_is_aligned_as_it_is() -> None:
    assert prose("One.\n\na  1\nbb 2\n\nTwo.") == "One.\n\n```text\na  1\nbb 2\n```\n\nTwo."
    assert prose(None) == ""

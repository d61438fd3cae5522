from pathlib import Path

import pytest

from app.cli.docs import pages, renew, stale_pages

NAMES = {
    "settings.md",
    "metrics.md",
    "topics.md",
    "record.md",
    "record.schema.json",
    "routes.md",
    "cli.md",
}


def test_every_page_is_rendered_and_the_same_each_time() -> None:
    assert pages().keys() == NAMES
    assert pages() == pages()
    assert all(text.endswith("\n") and not text.endswith("\n\n") for text in pages().values())


def test_renew_writes_what_differs_and_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "reference"
    assert renew(folder, check=False) == 0
    assert {path.name for path in folder.iterdir()} == NAMES
    (folder / "topics.md").write_text("old")
    capsys.readouterr()
    assert renew(folder, check=False) == 0
    assert capsys.readouterr().out == "renewed: topics.md\n"
    assert stale_pages(folder) == {}


def test_a_check_writes_nothing_and_fails_where_a_page_is_stale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renew(tmp_path, check=False)
    (tmp_path / "metrics.md").write_text("old")
    (tmp_path / "cli.md").unlink()
    capsys.readouterr()
    assert renew(tmp_path, check=True) == 1
    assert capsys.readouterr().out == "stale: metrics.md\nstale: cli.md\n"
    assert (tmp_path / "metrics.md").read_text() == "old"
    renew(tmp_path, check=False)
    assert renew(tmp_path, check=True) == 0

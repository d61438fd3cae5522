from pathlib import Path

import pytest

from app.embedded import analytics
from app.embedded.data_dir import DataDir
from app.embedded.ports import Ports
from app.errors import StartError
from config import load_settings
from tests.support.embedded import needs_embedded


def test_the_url_is_a_valid_setting_with_this_directorys_password(tmp_path: Path) -> None:
    url = analytics.analytics_url(DataDir.at(tmp_path), 18_123)
    assert url == analytics.analytics_url(DataDir.at(tmp_path), 18_123)
    assert url.endswith("@127.0.0.1:18123/tailrace")
    assert load_settings({"TAILRACE_ANALYTICS__URL": url}).analytics.url is not None


@needs_embedded
@pytest.mark.embedded
def test_the_password_is_in_a_file_not_in_the_command(tmp_path: Path) -> None:
    data_dir = DataDir.at(tmp_path)
    spec = analytics.analytics_child(data_dir, 18_123)
    password = data_dir.secret(analytics.PASSWORD)
    assert password not in " ".join(spec.command)
    path = Path(spec.command[spec.command.index("--password-file") + 1])
    assert path.read_text() == password


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(analytics, "find_spec", lambda name: None)
    with pytest.raises(StartError, match=r"tailrace\[embedded\].*TAILRACE_ANALYTICS__URL"):
        analytics.analytics_child(DataDir.at(tmp_path), 18_123)


async def test_an_engine_that_does_not_answer_is_not_ready() -> None:
    assert await analytics.make_database(Ports().pick(40_123), "password") is False

import pytest

from tests.support.house.texts import HOMES, foreign_places

HOST = ".".join
BAD = [
    *(f"see /{home}/main" for home in HOMES),
    f"DATA = '/{HOMES[1]}/somebody/x'",
    f"https://{HOST(['pypi', 'org'])}/simple",
    HOST(["files", "python" + "hosted", "org"]),
    f"https://{HOST(['repo', 'maven', 'apache', 'org'])}/maven2",
    HOST(["repo1", "maven", "org"]),
    f"image: {HOST(['ghcr', 'io'])}/a/b",
    f"image: {HOST(['docker', 'io'])}/a/b",
    "pip install --" + "index-url http://x",
    "pip install --extra-" + "index-url http://x",
    "as ../" + "shared/" + "design" + ".md says",
]
GOOD = [
    "/var/lib/tailrace",
    "https://example.com/home/x and https://host/work/y",
    "~/home/x, $HOME/work/x, ./root/x, ${A}/home/x",
    "http://maven.apache.org/POM/4.0.0",
    "image: apache/kafka:4.1.0",
    "pypi is a registry",
    "the shared core; the design",
]


@pytest.mark.parametrize("line", BAD)
def test_places_of_one_machine_or_network(line: str) -> None:
    (complaint, *_) = foreign_places({"a.txt": f"first\n{line}\n"})
    assert complaint.startswith("a.txt:2 names ")


@pytest.mark.parametrize("line", GOOD)
def test_places_that_anybody_has(line: str) -> None:
    assert foreign_places({"a.txt": line}) == []

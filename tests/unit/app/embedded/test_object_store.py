import json
from pathlib import Path

import pytest

from app.embedded import object_store
from app.embedded.data_dir import DataDir
from app.embedded.ports import Ports
from app.errors import StartError
from config import load_settings


@pytest.fixture
def access(tmp_path: Path) -> object_store.S3Access:
    return object_store.object_store_access(DataDir.at(tmp_path), 8333, "bucket", "eu-west-1")


def test_keys_belong_to_the_data_directory(access: object_store.S3Access, tmp_path: Path) -> None:
    again = object_store.object_store_access(DataDir.at(tmp_path), 8334, "bucket", "eu-west-1")
    assert again.access_key_id == access.access_key_id != again.secret_access_key
    assert again.secret_access_key == access.secret_access_key
    other = object_store.object_store_access(DataDir.at(tmp_path / "x"), 8333, "b", "r")
    assert other.access_key_id != access.access_key_id


def test_what_the_worker_is_told_is_valid(access: object_store.S3Access) -> None:
    told = {f"TAILRACE_{name}": value for name, value in access.settings().items()}
    s3 = load_settings(told).s3
    assert (s3.endpoint_url, s3.bucket, s3.region) == (
        "http://127.0.0.1:8333",
        "bucket",
        "eu-west-1",
    )
    assert s3.secret_access_key is not None
    assert s3.secret_access_key.get_secret_value() == access.secret_access_key


def test_the_secret_is_not_in_the_repr(access: object_store.S3Access) -> None:
    assert access.secret_access_key not in repr(access)


async def test_a_store_that_does_not_answer_is_not_ready(tmp_path: Path) -> None:
    nobody = object_store.object_store_access(DataDir.at(tmp_path), Ports().pick(40_333), "b", "r")
    assert await nobody.serves() is False


def test_the_command_is_on_loopback_with_distinct_ports(
    access: object_store.S3Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "object_store_program", lambda: Path("weed"))
    data_dir = DataDir.at(tmp_path)
    spec = object_store.object_store_child(data_dir, 8333, access, Ports())
    options = dict(part[1:].split("=", 1) for part in spec.command if "=" in part)
    ports = [options[name] for name in (*object_store.INNER_PORTS, "s3.port")]
    assert len(set(ports)) == len(ports)
    assert (options["ip"], options["ip.bind"]) == ("127.0.0.1", "127.0.0.1")
    assert options["master.telemetry"] == "false"
    assert not any(access.secret_access_key in part for part in spec.command)
    identities = Path(options["s3.config"])
    assert identities.stat().st_mode & 0o777 == 0o600
    credentials = json.loads(identities.read_text())["identities"][0]["credentials"]
    assert credentials[0]["secretKey"] == access.secret_access_key


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store.sysconfig, "get_path", lambda name: "/nowhere")
    with pytest.raises(StartError, match=r"tailrace\[embedded\].*S3__ENDPOINT_URL"):
        object_store.object_store_program()

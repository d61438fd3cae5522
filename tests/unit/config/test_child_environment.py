import os

from config.child_environment import plain_environment, worker_environment


def test_the_worker_gets_ours_with_the_overrides_on_top() -> None:
    ours = {"PATH": "/bin", "TAILRACE_ROLE": "all", "TAILRACE_EPOCH": "old"}
    told = worker_environment({"EPOCH": "new", "KAFKA__PARTITIONS": "4"}, ours)
    assert told == {
        "PATH": "/bin",
        "TAILRACE_ROLE": "all",
        "TAILRACE_EPOCH": "new",
        "TAILRACE_KAFKA__PARTITIONS": "4",
    }
    assert ours["TAILRACE_EPOCH"] == "old"


def test_other_programs_get_nothing_that_configures_them() -> None:
    ours = {"PATH": "/bin", "STORAGE_ENGINE": "s3://x", "AWS_SECRET_ACCESS_KEY": "s", "HOME": "/h"}
    assert plain_environment(ours) == {"PATH": "/bin", "HOME": "/h"}


def test_both_start_from_the_process_environment() -> None:
    assert plain_environment()["PATH"] == os.environ["PATH"]
    assert worker_environment({})["PATH"] == os.environ["PATH"]

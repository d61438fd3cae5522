"""Where aiokafka beats, and where it learns that its group has forgotten it."""

import inspect

from aiokafka.consumer.group_coordinator import GroupCoordinator


def test_every_heartbeat_is_one_that_a_lease_notes() -> None:
    assert "await self._do_heartbeat()" in inspect.getsource(GroupCoordinator._heartbeat_routine)
    assert inspect.getsource(GroupCoordinator).count("HeartbeatRequest(") == 1


def test_heartbeats_begin_when_the_partitions_are_assigned() -> None:
    joined = inspect.getsource(GroupCoordinator.ensure_active_group)
    assert joined.index("_do_rejoin_group") < joined.index("_start_heartbeat_task")


def test_a_member_that_is_not_known_any_more_resets_its_generation() -> None:
    beat = inspect.getsource(GroupCoordinator._do_heartbeat)
    for error in ("IllegalGenerationError", "UnknownMemberIdError"):
        rest = beat[beat.index(f"error_type is Errors.{error}") :]
        assert "self.reset_generation()" in rest[: rest.index("elif")]
    commit = inspect.getsource(GroupCoordinator._do_commit_offsets)
    assert commit.count("self.reset_generation()") >= 1

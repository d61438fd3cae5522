"""The section of the stream side: how a worker takes, keeps and leaves its partitions."""

from typing import Annotated

from pydantic import Field

from config.sections import MIB, Seconds, Section


class EngineSettings(Section):
    """How the stream side of a worker runs."""

    commit_interval_s: Seconds = Field(1.0, description="how often offsets are committed")
    flush_timeout_s: Seconds = Field(
        30, description="how long a commit waits for its effects to be durable at shutdown"
    )
    drain_timeout_s: Seconds = Field(
        25, description="how long a revoked or stopping worker waits for events in progress"
    )
    catch_up_timeout_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        0, description="how long a stopping worker first handles what is left on its topics"
    )
    buffer_bytes: Annotated[int, Field(ge=MIB)] = Field(
        32 * MIB, description="fetched bytes buffered per topic"
    )
    restart_backoff_max_s: Seconds = Field(
        30, description="longest wait before the stream side is started again after a failure"
    )
    standby_replicas: Annotated[int, Field(ge=0, le=3)] = Field(
        0, description="workers that keep a warm copy of each table"
    )
    recovery_delay_s: Annotated[float, Field(ge=0, le=60)] = Field(
        0, description="wait before recovery, so that workers that come one by one cost one"
    )
    static_membership: bool = Field(
        True,
        description="a worker that comes back at its canonical URL within session_timeout_s gets"
        " its partitions back and disturbs no other; off: a stopped worker's are moved at once",
    )

"""The section of the analytics engine: where it is, how it is written and asked."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from config.sections import MIB, Section


class AnalyticsSettings(Section):
    """The analytics engine; an unset URL means the embedded one."""

    url: SecretStr | None = Field(
        None, description="clickhouse://user:password@host:8123/db; unset: embedded"
    )
    batch_records: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1000, description="rows of a partition that are inserted at once"
    )
    batch_bytes: Annotated[int, Field(ge=64 * 1024, le=64 * MIB)] = Field(
        4 * MIB, description="bytes of a partition's facts that are inserted at once"
    )
    batch_age_s: Annotated[float, Field(ge=0.05, le=600)] = Field(
        1.0, description="longest that a row waits for others; fewer inserts, or sooner queryable"
    )
    query_timeout_s: Annotated[float, Field(ge=0.1, le=600)] = Field(
        10, description="longest that a query of the API may take"
    )

    @field_validator("url")
    @classmethod
    def _of_clickhouse(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        if parts is not None and (
            parts.scheme not in {"clickhouse", "clickhouses"} or not parts.hostname
        ):
            raise ValueError("allowed is clickhouse://user:password@host:port/database")
        return url

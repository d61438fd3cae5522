"""The sections of the archive of bodies: where it lies, and how it is written."""

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.sections import MIB, HttpUrl, Seconds, Section, Text


class S3Settings(Section):
    """The object store for bodies; an unset endpoint and bucket mean the embedded one."""

    endpoint_url: HttpUrl | None = Field(None, description="S3 endpoint; unset: embedded")
    bucket: Text = Field("tailrace", description="bucket for bodies")
    region: Text = Field("us-east-1", description="region of the bucket")
    access_key_id: Text | None = Field(None, description="access key")
    secret_access_key: SecretStr | None = Field(None, description="secret key")
    session_token: SecretStr | None = Field(None, description="token of temporary keys")
    addressing_style: Literal["auto", "path", "virtual"] = Field(
        "auto", description="bucket in the path or the host name; auto: the path, but for AWS"
    )
    sse: Literal["none", "AES256", "aws:kms"] = Field(
        "none", description="server-side encryption asked for with every object"
    )
    sse_kms_key_id: Text | None = Field(None, description="the KMS key, with sse=aws:kms")
    create_bucket: bool = Field(False, description="make the bucket if it is missing")
    connect_timeout_s: Seconds = Field(5, description="TCP and TLS connection to the endpoint")
    timeout_s: Seconds = Field(30, description="longest that one call may take")

    @model_validator(mode="after")
    def _key_of_kms(self) -> Self:
        if self.sse_kms_key_id is not None and self.sse != "aws:kms":
            raise ValueError("TAILRACE_S3__SSE_KMS_KEY_ID: needs TAILRACE_S3__SSE=aws:kms")
        return self

    @model_validator(mode="after")
    def _both_keys(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError(
                "TAILRACE_S3__ACCESS_KEY_ID and TAILRACE_S3__SECRET_ACCESS_KEY: set both or neither"
            )
        return self


class ArchiveSettings(Section):
    """How bodies are batched into objects, per partition and tenant."""

    batch_records: Annotated[int, Field(ge=1, le=100_000)] = Field(
        5000, description="exchanges of a partition that are written at once"
    )
    batch_bytes: Annotated[int, Field(ge=64 * 1024, le=256 * MIB)] = Field(
        8 * MIB, description="compressed bytes of a partition that are written at once"
    )
    batch_age_s: Annotated[float, Field(ge=0.05, le=600)] = Field(
        10, description="longest that a body waits for others; fewer objects, or sooner readable"
    )
    direct_max_bytes: Annotated[int, Field(ge=0, le=4096 * MIB)] = Field(
        64 * MIB,
        description="bodies over capture.max_body_bytes, up to this, go to the store while they"
        " pass; 0: none",
    )
    direct_uploads: Annotated[int, Field(ge=1, le=64)] = Field(
        8, description="such bodies that a process uploads at once; further ones are dropped"
    )
    direct_buffer_bytes: Annotated[int, Field(ge=16 * MIB, le=4096 * MIB)] = Field(
        64 * MIB,
        description="their bytes that may wait for the store, in all; over it one is dropped",
    )
    direct_wait_s: Seconds = Field(
        30, description="longest that a record waits for the upload of its bodies"
    )

"""The archive's settings: what goes together."""

import pytest
from pydantic import ValidationError

from config.archive_sections import S3Settings


def test_s3_keys_come_in_pairs() -> None:
    assert S3Settings(access_key_id="a", secret_access_key="b").access_key_id == "a"
    with pytest.raises(ValidationError, match="both or neither"):
        S3Settings(access_key_id="a")
    with pytest.raises(ValidationError, match="both or neither"):
        S3Settings(secret_access_key="b")


def test_a_kms_key_needs_kms() -> None:
    assert S3Settings(sse="aws:kms", sse_kms_key_id="k").sse_kms_key_id == "k"
    with pytest.raises(ValidationError, match="TAILRACE_S3__SSE=aws:kms"):
        S3Settings(sse_kms_key_id="k")

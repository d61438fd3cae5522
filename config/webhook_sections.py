"""The section of webhooks: who may be called, how often, and with what secrets."""

from ipaddress import ip_network
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator

from config.sections import MIB, HttpUrl, Seconds, Section

TIERS = 6
MIN_KEY_CHARS = 16
DAY_S = 86_400


def waits(text: str) -> str:
    """Six numbers of seconds, none shorter than the one before. Raises: ValueError."""
    try:
        seconds = [float(part) for part in text.split(",")]
    except ValueError:
        seconds = []
    rising = all(a <= b for a, b in pairwise(seconds))
    if len(seconds) != TIERS or not rising or not 0 < seconds[0] <= seconds[-1] <= 7 * DAY_S:
        raise ValueError(f"allowed are {TIERS} rising numbers of seconds, separated by commas")
    return text


def networks(text: str) -> str:
    """CIDR blocks separated by commas, unchanged. Raises: ValueError."""
    for part in text.split(","):
        try:
            ip_network(part.strip())
        except ValueError as exc:
            raise ValueError(
                "allowed is network/length[,network/length], e.g. 10.1.0.0/16"
            ) from exc
    return text


class WebhookSettings(Section):
    """Webhooks: signed POSTs to endpoints that are managed over the API."""

    secret_key: SecretStr | None = Field(
        None,
        description="encrypts the endpoints' secrets and signs links to bodies; a new one before"
        " the old one, separated by a comma. Unset: no endpoint can be created",
    )
    allow_private: bool = Field(
        False, description="endpoints may have private and loopback addresses: for development"
    )
    allowed_networks: Annotated[str, AfterValidator(networks)] | None = Field(
        None, description="CIDR blocks, separated by commas, that endpoints may lie in all the same"
    )
    allow_http: bool = Field(False, description="endpoints may be http:// instead of https://")
    timeout_s: Seconds = Field(
        15, description="longest that an endpoint may take until the head of its answer"
    )
    concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        64, description="attempts at a time for one endpoint"
    )
    schedule_s: Annotated[str, AfterValidator(waits)] = Field(
        "5,300,1800,7200,18000,36000",
        description="waits between attempts, in seconds; the last one is repeated",
    )
    attempts: Annotated[int, Field(ge=1, le=100)] = Field(
        10, description="attempts of a delivery before it becomes a dead letter"
    )
    max_age_s: Annotated[int, Field(ge=60, le=7 * DAY_S)] = Field(
        3 * DAY_S, description="a delivery that waited so long is a dead letter, attempts or not"
    )
    public_url: HttpUrl | None = Field(
        None, description="how endpoints reach this API, for links; unset: TAILRACE_CANONICAL_URL"
    )
    link_ttl_s: Annotated[int, Field(ge=60, le=7 * DAY_S)] = Field(
        DAY_S, description="how long a link to a body is good"
    )
    max_body_bytes: Annotated[int, Field(ge=1024, le=16 * MIB)] = Field(
        MIB, description="bodies longer than this together are linked instead of included"
    )
    log_days: Annotated[int, Field(ge=1, le=365)] = Field(
        30, description="how far back the log of attempts is shown"
    )

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            for part in key.get_secret_value().split(","):
                if len(part.strip()) < MIN_KEY_CHARS:
                    raise ValueError(f"allowed are {MIN_KEY_CHARS} characters or more for each key")
        return key

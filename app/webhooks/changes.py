"""What the API may say of an endpoint, checked field by field, and turned into endpoints. Pure.

Every mistake is a 400 that names the field.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from app.errors import QueryRefused
from app.record.fields import Name, RequestId, UtcTime
from app.webhooks.endpoint import (
    MAX_URL_CHARS,
    Endpoint,
    EndpointId,
    Filters,
    IncludeBody,
    SealedSecret,
)
from app.webhooks.signing import secret_bytes

MAX_SECRETS = 3
MAX_KEEP_S = 30 * 86_400
MAX_REPLAYED_IDS = 100
Seal = Callable[[str], str]
M = TypeVar("M", bound=BaseModel)


def _is_secret(text: str) -> str:
    secret_bytes(text)
    return text


Url = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL_CHARS)]
Secret = Annotated[str, StringConstraints(max_length=128), AfterValidator(_is_secret)]
RequestIds = Annotated[list[RequestId], Field(min_length=1, max_length=MAX_REPLAYED_IDS)]
Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Body(BaseModel):
    """The body of a request: unknown names are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Creation(Body):
    """POST /api/v1/webhooks; without a secret one is minted."""

    url: Url
    description: Name = ""
    secret: Secret | None = None
    filters: Filters = Filters()
    sample_rate: Rate = 1.0
    include_body: IncludeBody = "none"


class Change(Body):
    """PATCH /api/v1/webhooks/{id}: what is not named stays; `enabled` ends a disablement."""

    url: Url | None = None
    description: Name | None = None
    filters: Filters | None = None
    sample_rate: Rate | None = None
    include_body: IncludeBody | None = None
    enabled: bool | None = None


class Rotation(Body):
    """POST …/rotate: a new secret signs beside the old ones, for as long as these are kept."""

    secret: Secret | None = None
    keep_previous_s: Annotated[int, Field(ge=0, le=MAX_KEEP_S)] = 86_400


class ReplayRequest(Body):
    """POST …/replay: exchanges by id, or those counted in a time; `filtered` as the endpoint is."""

    request_ids: RequestIds | None = None
    from_: Annotated[UtcTime | None, Field(alias="from")] = None
    to: UtcTime | None = None
    filtered: bool = True


def parsed(model: type[M], raw: bytes) -> M:
    """The body of a request. Raises: QueryRefused (400) that names the field."""
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        message = "the body is not a JSON object" if field is None else first["msg"]
        raise QueryRefused(400, "invalid_parameter", message, field) from exc


def created(
    asked: Creation,
    *,
    endpoint_id: EndpointId,
    tenant: str,
    secret: str,
    seal: Seal,
    now: datetime,
) -> Endpoint:
    """The endpoint that a creation means."""
    return Endpoint(
        endpoint_id=endpoint_id,
        tenant=tenant,
        url=asked.url,
        description=asked.description,
        secrets=(SealedSecret(sealed=seal(secret), created_at=now),),
        filters=asked.filters,
        sample_rate=asked.sample_rate,
        include_body=asked.include_body,
        created_at=now,
        updated_at=now,
    )


def changed(endpoint: Endpoint, asked: Change, now: datetime) -> Endpoint:
    """The endpoint after a change."""
    given = {name: getattr(asked, name) for name in asked.model_fields_set - {"enabled"}}
    update: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if asked.enabled is True:
        update |= {"disabled_at": None, "disabled_reason": None}
    elif asked.enabled is False and endpoint.is_enabled:
        update |= {"disabled_at": now, "disabled_reason": "by its owner"}
    return endpoint.model_copy(update={**update, "updated_at": now})


def disabled(endpoint: Endpoint, reason: str, now: datetime) -> Endpoint:
    """The endpoint, not to be called any more."""
    update = {"disabled_at": now, "disabled_reason": reason, "updated_at": now}
    return endpoint.model_copy(update=update)


def rotated(endpoint: Endpoint, sealed: str, keep_previous: timedelta, now: datetime) -> Endpoint:
    """The endpoint with a new secret first; those before it are in force until their end."""
    end = now + keep_previous
    kept = [
        each.model_copy(update={"expires_at": min(each.expires_at or end, end)})
        for each in endpoint.secrets
    ]
    in_force = [each for each in kept if each.expires_at is not None and each.expires_at > now]
    secrets = (SealedSecret(sealed=sealed, created_at=now), *in_force[: MAX_SECRETS - 1])
    return endpoint.model_copy(update={"secrets": secrets, "updated_at": now})


def as_json(endpoint: Endpoint, now: datetime) -> dict[str, Any]:
    """An endpoint as its owner sees it: no secret, how many are in force."""
    members = endpoint.model_dump(mode="json", exclude={"secrets", "tenant"})
    return {
        **members,
        "enabled": endpoint.is_enabled,
        "secrets_in_force": len(endpoint.sealed_in_force(now)),
    }


def encoded(answer: dict[str, Any]) -> bytes:
    """An answer as JSON."""
    return orjson.dumps(answer, option=orjson.OPT_UTC_Z)

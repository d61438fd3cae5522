"""An endpoint as the control topic has it: whom to call, about what, with which secrets."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.record.fact import Fact
from app.record.fields import MAX_COUNT, Name, Tenant, User, UtcTime
from app.record.model import Outcome

KIND = "webhook_endpoint"
MAX_URL_CHARS = 2048
MAX_CHOICES = 50
StatusClass = Literal["1xx", "2xx", "3xx", "4xx", "5xx", "none"]
IncludeBody = Literal["none", "included", "link"]
EndpointId = Annotated[str, StringConstraints(pattern=r"^we_[0-9a-f]{32}$")]


class Filters(BaseModel):
    """What an exchange must be; every filter that is given must hold, an empty one lets all pass.

    Costs are integer nano-USD and an unknown cost is above nothing; `none` is the class of an
    exchange without any status. A model is the one that answered or the one that was asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status_classes: Annotated[tuple[StatusClass, ...], Field(max_length=6)] = ()
    outcomes: Annotated[tuple[Outcome, ...], Field(max_length=6)] = ()
    models: Annotated[tuple[Name, ...], Field(max_length=MAX_CHOICES)] = ()
    users: Annotated[tuple[User, ...], Field(max_length=MAX_CHOICES)] = ()
    properties: Annotated[dict[Name, Name], Field(max_length=MAX_CHOICES)] = Field(
        default_factory=dict
    )
    cost_nano_usd_above: Annotated[int, Field(ge=0, le=MAX_COUNT)] | None = None
    latency_ms_above: Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)] | None = None

    def match(self, fact: Fact) -> bool:
        """Whether an exchange passes all of them."""
        record, cost = fact.record, fact.cost.nano_usd
        return (
            (not self.outcomes or record.outcome in self.outcomes)
            and (not self.users or record.user in self.users)
            and (not self.status_classes or class_of(record.status) in self.status_classes)
            and (
                not self.models
                or record.model in self.models
                or record.model_requested in self.models
            )
            and self.properties.items() <= record.properties.items()
            and (
                self.cost_nano_usd_above is None
                or (cost is not None and cost > self.cost_nano_usd_above)
            )
            and (self.latency_ms_above is None or record.timings_ms.total > self.latency_ms_above)
        )


def class_of(status: int | None) -> str:
    """`2xx` and so on; `none` without a status, or for one that is none of HTTP's."""
    return f"{status // 100}xx" if status is not None and 100 <= status < 600 else "none"


class SealedSecret(BaseModel):
    """A secret, encrypted; with an end it is one that was replaced."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sealed: str
    created_at: UtcTime
    expires_at: UtcTime | None = None


class Endpoint(BaseModel):
    """One endpoint of one tenant. `secrets`: the newest first, all in force sign."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint_id: EndpointId
    tenant: Tenant
    url: Annotated[str, StringConstraints(max_length=MAX_URL_CHARS)]
    description: Name = ""
    secrets: Annotated[tuple[SealedSecret, ...], Field(min_length=1)]
    filters: Filters = Filters()
    sample_rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    include_body: IncludeBody = "none"
    created_at: UtcTime
    updated_at: UtcTime
    disabled_at: UtcTime | None = None
    disabled_reason: Name | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether anything is sent to it."""
        return self.disabled_at is None

    def sealed_in_force(self, now: datetime) -> list[str]:
        """The encrypted secrets that sign now, the newest first."""
        return [
            each.sealed for each in self.secrets if each.expires_at is None or each.expires_at > now
        ]

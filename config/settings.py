"""The settings tree, read once at the start from variables over an optional TOML file.

Order of precedence: `TAILRACE_…` variables (nested by `__`), then the TOML file that
`TAILRACE_CONFIG` names, then the defaults. Nothing reads the environment after that.
"""

import json
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from yarl import URL

from config import sections
from config.analytics_sections import AnalyticsSettings
from config.archive_sections import ArchiveSettings, S3Settings
from config.engine_section import EngineSettings
from config.variables import PREFIX, leaves
from config.webhook_sections import WebhookSettings

RESERVED_UPSTREAM_NAMES = frozenset({"api", "v1", "internal", "health", "metrics", "static"})
EMBEDDED_PARTITIONS = 4
DEFAULT_PARTITIONS = 24
DAY_S = 86_400
WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognized, not bound to

UpstreamName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class Settings(BaseSettings):
    """Everything an operator may set, frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    role: Literal["all", "proxy", "worker"] = Field(
        "all", description="what this process does: relay and meter, relay alone, or meter alone"
    )
    data_dir: Path = Field(Path(".tailrace"), description="tables, spill and embedded services")
    instance: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = Field(
        "0", description="tells apart the processes on one host"
    )
    canonical_url: sections.HttpUrl | None = Field(
        None,
        description="how other workers reach this one; unset: http://<bind, or host name>:<port>",
    )
    worker_url: sections.HttpUrl | None = Field(
        None, description="a worker's address, to which a process without tables passes queries"
    )
    epoch: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = Field(
        None, description="name of this life of the topics; change it when topics are made anew"
    )
    default_upstream: UpstreamName = Field("openai", description="upstream behind /v1/*")
    upstreams: dict[UpstreamName, sections.UpstreamSettings] = Field(
        default_factory=dict, description="JSON or TOML table of upstreams, added to the built-in"
    )
    internal_token: SecretStr | None = Field(
        None, description="shared secret of this deployment's processes; unset: minted at start"
    )

    web: sections.WebSettings = sections.WebSettings()
    kafka: sections.KafkaSettings = sections.KafkaSettings()
    relay: sections.RelaySettings = sections.RelaySettings()
    capture: sections.CaptureSettings = sections.CaptureSettings()
    access: sections.AccessSettings = sections.AccessSettings()
    sample: sections.SampleSettings = sections.SampleSettings()
    publish: sections.PublishSettings = sections.PublishSettings()
    fallback: sections.FallbackSettings = sections.FallbackSettings()
    spill: sections.SpillSettings = sections.SpillSettings()
    meter: sections.MeterSettings = sections.MeterSettings()
    dead_letters: sections.DeadLetterSettings = sections.DeadLetterSettings()
    engine: EngineSettings = EngineSettings()
    s3: S3Settings = S3Settings()
    archive: ArchiveSettings = ArchiveSettings()
    analytics: AnalyticsSettings = AnalyticsSettings()
    webhooks: WebhookSettings = WebhookSettings()
    mock: sections.MockSettings = sections.MockSettings()
    log: sections.LogSettings = sections.LogSettings()

    @property
    def partitions(self) -> int:
        """Partitions of every topic: the setting, else 4 embedded, else 24."""
        if self.kafka.partitions is not None:
            return self.kafka.partitions
        return EMBEDDED_PARTITIONS if self.embedded_broker else DEFAULT_PARTITIONS

    @property
    def embedded_broker(self) -> bool:
        """Whether no broker was named, so that `tailrace up` starts one."""
        return self.kafka.bootstrap_servers is None

    @property
    def own_url(self) -> str:
        """How other workers reach this one: the setting, else what the server listens on.

        In the one spelling that the map of the workers knows: Faust's, which is yarl's.
        """
        return str(URL(self.canonical_url or self._listening_url)).rstrip("/")

    @property
    def _listening_url(self) -> str:
        host = gethostname() if self.web.bind in WILDCARDS else self.web.bind
        return f"http://{f'[{host}]' if ':' in host else host}:{self.web.port}"

    @property
    def spill_dir(self) -> Path:
        """Where the processes of this host spill: the setting, else in the data directory."""
        if self.spill.dir is not None:
            return Path(self.spill.dir).expanduser()
        return self.data_dir / "spill"

    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings; secrets in clear."""
        values = {leaf.variable: leaf.value_in(self) for leaf in leaves(type(self))}
        return {name: in_text(value) for name, value in values.items() if value is not None}

    def secrets(self) -> list[str]:
        """Every value that nobody may read: keys, tokens, passwords, addresses that hold some."""
        values = [leaf.value_in(self) for leaf in leaves(type(self))]
        found = [each.get_secret_value() for each in values if isinstance(each, SecretStr)]
        addresses = [each.base_url for each in self.upstreams.values()]
        addresses += [each for each in values if isinstance(each, str)]
        return found + [each for each in addresses if "://" in each and "@" in each]

    @model_validator(mode="after")
    def _no_secret_is_blank(self) -> Self:
        for leaf in leaves(type(self)):
            value = leaf.value_in(self)
            if isinstance(value, SecretStr) and not value.get_secret_value().strip():
                # Whoever says nothing would know it.
                raise ValueError(f"{leaf.variable}: allowed is text that is not blank, or unset")
        return self

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        try:
            host = URL(self.own_url).host
        except ValueError:
            host = None
        if not host:
            by_setting = f"{PREFIX}CANONICAL_URL: allowed is http(s)://host[:port][/path]"
            by_bind = f"{PREFIX}WEB__BIND={self.web.bind}: allowed is an address or a host's name"
            raise ValueError(by_bind if self.canonical_url is None else by_setting)
        return self

    @model_validator(mode="after")
    def _open_on_loopback_alone(self) -> Self:
        if self.access.mode == "open" and not is_loopback(self.web.bind):
            raise ValueError(
                f"TAILRACE_ACCESS__MODE=open: allowed only on loopback, not on {self.web.bind};"
                " anybody could read every body"
            )
        return self

    @model_validator(mode="after")
    def _ids_are_remembered_long_enough(self) -> Self:
        waits_s = self.spill.max_age_s + self.dead_letters.max_replay_age_s + DAY_S
        if waits_s > self.meter.seen_ttl_s:
            raise ValueError(
                f"TAILRACE_METER__SEEN_TTL_S={self.meter.seen_ttl_s}: allowed is {waits_s} or more,"
                " a day above TAILRACE_SPILL__MAX_AGE_S and TAILRACE_DEAD_LETTERS__MAX_REPLAY_AGE_S"
                " together: a record that waits longer could be counted twice"
            )
        return self

    @field_validator("data_dir", mode="before")
    @classmethod
    def _a_real_path(cls, path: Any) -> Any:
        if path == "":
            raise ValueError("allowed is a path, not empty")
        return Path(path).expanduser() if isinstance(path, str) else path

    @field_validator("upstreams")
    @classmethod
    def _no_reserved_names(
        cls, upstreams: dict[str, sections.UpstreamSettings]
    ) -> dict[str, sections.UpstreamSettings]:
        if taken := RESERVED_UPSTREAM_NAMES & upstreams.keys():
            reserved = ", ".join(sorted(RESERVED_UPSTREAM_NAMES))
            raise ValueError(
                f"{PREFIX}UPSTREAMS: no upstream may be named {min(taken)!r}; reserved: {reserved}"
            )
        return upstreams

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the call alone: `load_settings` is what reads the environment."""
        return (init_settings,)


def is_loopback(bind: str) -> bool:
    """Whether an address can be reached from this host alone."""
    if bind == "localhost":
        return True
    try:
        return ip_address(bind).is_loopback
    except ValueError:
        return False


def in_text(value: Any) -> str:
    """A value as a variable holds it: tables as JSON, secrets in clear."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        plain = {n: v.model_dump() if isinstance(v, BaseModel) else v for n, v in value.items()}
        return json.dumps(plain)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

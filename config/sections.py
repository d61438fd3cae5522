"""The sections of the settings tree, one frozen model each.

A variable is `TAILRACE_<SECTION>__<FIELD>`; every field carries its unit in its name and a
description that becomes its line in the generated reference.
"""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
MIB = 1 << 20


def servers(text: str) -> str:
    """`host:port[,host:port]`, unchanged. Raises: ValueError where it is something else."""
    for server in text.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or "/" in host or not port.isdecimal() or not 1 <= int(port) <= 65_535:
            raise ValueError("allowed is host:port[,host:port], ports from 1 to 65535")
    return text


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WebSettings(Section):
    """The HTTP server that relays calls and answers queries."""

    bind: Text = Field("127.0.0.1", description="address the server listens on")
    port: Port = Field(6066, description="port the server listens on")
    shutdown_grace_s: Seconds = Field(
        60, description="how long streams in flight may run on after SIGTERM"
    )
    keepalive_s: Seconds = Field(75, description="how long an idle client connection is kept")


class KafkaSettings(Section):
    """The broker; unset servers mean the embedded one."""

    bootstrap_servers: Annotated[str, AfterValidator(servers)] | None = Field(
        None, description="host:port[,host:port]; unset: `tailrace up` starts the embedded broker"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="transport to the broker"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="SASL mechanism, if the protocol is a SASL one"
    )
    sasl_username: Text | None = Field(None, description="SASL user")
    sasl_password: SecretStr | None = Field(None, description="SASL password")
    ssl_cafile: Text | None = Field(None, description="CA bundle; unset: the system's")
    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")] = Field(
        "tailrace", description="topics are named <prefix>.exchanges and so on"
    )
    partitions: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="partitions of each topic; unset: 4 on the embedded broker, else 24"
    )
    replication_factor: Annotated[int, Field(ge=1, le=9)] = Field(
        1, description="replicas of each topic"
    )
    idempotent: bool = Field(
        True, description="workers produce idempotently (the embedded broker refuses it)"
    )
    request_timeout_s: Annotated[float, Field(gt=0, le=10)] = Field(
        10, description="how long the proxy's producer waits for the broker's ack of a batch"
    )
    compression: Literal["none", "zstd"] = Field("none", description="codec of produced batches")
    session_timeout_s: Seconds = Field(
        30, description="a worker silent for this long loses its partitions"
    )
    rebalance_timeout_s: Seconds = Field(60, description="how long a rebalance may take")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        sasl = self.security_protocol.startswith("SASL")
        if sasl and (self.sasl_username is None or self.sasl_password is None):
            raise ValueError(
                f"TAILRACE_KAFKA__SECURITY_PROTOCOL={self.security_protocol}: needs"
                " TAILRACE_KAFKA__SASL_USERNAME and TAILRACE_KAFKA__SASL_PASSWORD"
            )
        return self


class UpstreamSettings(Section):
    """One provider behind the proxy."""

    base_url: HttpUrl = Field(
        description="http(s)://host[:port][/path]; the path after /{upstream} is appended"
    )
    dialect: Literal["openai", "anthropic", "gemini", "raw"] = Field(
        "raw", description="whose API it speaks: decides error shapes and how usage is read"
    )
    include_usage: bool = Field(
        False,
        description="add `stream_options.include_usage` to streaming calls that have no options;"
        " what comes of it is taken out again, and the response says `tailrace-modified`",
    )


class RelaySettings(Section):
    """How calls are passed to upstreams."""

    connect_timeout_s: Seconds = Field(10, description="TCP and TLS connection to the upstream")
    first_byte_timeout_s: Seconds = Field(
        600, description="from the request's last byte to the response's headers"
    )
    idle_timeout_s: Seconds = Field(300, description="between two chunks of a response")
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1000, description="pooled connections to all upstreams"
    )
    targets: str | None = Field(
        None,
        description="addresses that Tailrace-Target-Url may name beside the upstreams', by commas:"
        " https://api.groq.com, https://*.openai.azure.com",
    )
    on_client_abort: Literal["abort", "drain"] = Field(
        "abort",
        description="a client that leaves: abort the upstream call, or drain it for its usage",
    )


class CaptureSettings(Section):
    """What is kept of an exchange."""

    max_body_bytes: Annotated[int, Field(ge=0, le=64 * MIB)] = Field(
        1 * MIB,
        description="a longer body goes to the object store while it passes, or is not kept",
    )
    max_decoded_bytes: Annotated[int, Field(ge=1024, le=1024 * MIB)] = Field(
        64 * MIB, description="a compressed body is decoded no further than this"
    )
    max_properties: Annotated[int, Field(ge=0, le=64)] = Field(
        32, description="Tailrace-Property-* headers kept per exchange"
    )
    max_property_bytes: Annotated[int, Field(ge=1, le=16_384)] = Field(
        1024, description="longest property value kept"
    )


class PublishSettings(Section):
    """The bounded queue between the relay and the broker."""

    max_bytes: Annotated[int, Field(ge=MIB)] = Field(
        64 * MIB, description="bytes of records and bodies that may wait for the broker"
    )
    max_records: Annotated[int, Field(ge=1)] = Field(
        50_000, description="records that may wait for the broker"
    )
    drain_timeout_s: Seconds = Field(
        20, description="how long a stopping process goes on publishing what is queued"
    )
    broker_patience_s: Seconds = Field(
        5, description="how long a batch waits for the broker before it takes another way"
    )


class AccessSettings(Section):
    """Who may ask, and who may call."""

    mode: Literal["required", "open"] = Field(
        "required", description="keys for queries and the dashboard; open: on loopback alone"
    )
    relay: Literal["open", "required"] = Field(
        "open", description="calls without a key: taken as tenant `default`, or answered 401"
    )
    admin_key: SecretStr | None = Field(
        None, description="an admin key of your choice, beside those of `tailrace keys create`"
    )


class SampleSettings(Section):
    """Recording a share of the exchanges; those that failed are always recorded."""

    rate: Fraction = Field(1, description="share of exchanges recorded; nothing is extrapolated")
    tenants: dict[str, Fraction] = Field(
        default_factory=dict, description="JSON or TOML table of shares by tenant"
    )


class FallbackSettings(Section):
    """Another Tailrace that takes records while the broker does not."""

    url: HttpUrl | None = Field(
        None, description="http(s)://host[:port] of any Tailrace; unset: straight to the spill"
    )
    token: SecretStr | None = Field(
        None, description="its TAILRACE_INTERNAL_TOKEN; unset: the same as ours"
    )
    timeout_s: Seconds = Field(5, description="how long a batch waits for its answer")


class SpillSettings(Section):
    """The local disk as the last resort of the proxy, while nothing else takes its records."""

    enabled: bool = Field(True, description="keep on the local disk what cannot be published")
    dir: Text | None = Field(
        None, description="one directory per process is made in it; unset: <data_dir>/spill"
    )
    max_bytes: Annotated[int, Field(ge=64 * MIB)] = Field(
        1024 * MIB,
        description="per process; over it the oldest bodies are given up, then the oldest records",
    )
    fsync: Literal["always", "interval", "never"] = Field(
        "interval", description="when it is brought to the device; matters if the machine fails"
    )
    fsync_interval_s: Annotated[float, Field(ge=0.01, le=3600)] = Field(
        1.0, description="how often that is, and how often a disk in trouble is tried again"
    )
    segment_bytes: Annotated[int, Field(ge=64 * 1024, le=64 * MIB)] = Field(
        8 * MIB, description="length of a segment file; whole segments are given up"
    )
    max_age_s: Annotated[int, Field(ge=60)] = Field(
        3 * 86_400,
        description="older segments are given up; a day shorter than meter.seen_ttl_s at least",
    )
    replay_per_s: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        2000, description="messages replayed per second once the broker is back"
    )


class MeterSettings(Section):
    """The agent that prices and counts."""

    seen_ttl_s: Annotated[int, Field(ge=3600)] = Field(
        10 * 86_400,
        description="how long a request id is remembered; must exceed the longest a record waits",
    )
    top_users: Annotated[int, Field(ge=1, le=10_000)] = Field(
        1000, description="users kept in the in-memory ranking of each worker, per order"
    )
    price_file: str | None = Field(
        None, description="a TOML file of prices, asked before ours and the published ones"
    )


class DeadLetterSettings(Section):
    """Messages that no agent can handle."""

    max_share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.1,
        description="an agent stops when more of its last messages cannot be handled; 1: never,"
        " which lets a topic of old poison drain into the dead letters",
    )
    least: Annotated[int, Field(ge=10, le=100_000)] = Field(
        200, description="an agent never stops for fewer dead letters; the share is that of so many"
    )
    max_attempts: Annotated[int, Field(ge=1)] = Field(
        3, description="a letter that came back so often is not sent again"
    )
    max_replay_age_s: Annotated[int, Field(ge=60)] = Field(
        5 * 86_400, description="older letters are not sent again: their ids may be forgotten"
    )


class MockSettings(Section):
    """The built-in mock provider."""

    enabled: bool = Field(True, description="serve the mock provider, upstream `mock`")


class LogSettings(Section):
    """Our own log lines."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level")
    format: Literal["text", "json"] = Field("text", description="shape of a log line")

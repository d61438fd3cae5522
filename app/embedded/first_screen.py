"""What the user reads when all is ready: lines to paste, addresses, what is kept."""

import shlex
from pathlib import Path

from app.embedded.stack import Addresses
from config import Settings

QUESTION = '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}'
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - replaced, not bound to


def web_url(settings: Settings) -> str:
    """The worker's own address, as reached from this machine."""
    bind = settings.web.bind
    host = EVERYWHERE.get(bind, f"[{bind}]" if ":" in bind else bind)
    return f"http://{host}:{settings.web.port}"


def first_screen(settings: Settings, addresses: Addresses, root: Path, *, kept: bool) -> str:
    """The whole text; `kept` is whether an earlier run has left bodies and analytics."""
    return "\n".join(
        [
            "",
            "Tailrace is ready.",
            *_lines_to_paste(settings),
            "",
            *_addresses(settings, addresses, root),
            "",
            *_durability(addresses, kept=kept),
            "Ctrl-C stops everything.",
            "",
        ]
    )


def _lines_to_paste(settings: Settings) -> list[str]:
    if settings.role == "worker" or not settings.mock.enabled:
        return []
    url = web_url(settings)
    user = "-H 'Tailrace-User-Id: alice'"
    as_json = f"-H 'content-type: application/json' -d {shlex.quote(QUESTION)}"
    lines = ["", "Try it, no key needed:", ""]
    lines.append(f"curl -s {url}/mock/v1/chat/completions {user} {as_json}")
    if settings.role == "all":
        lines.append(f"curl -s {url}/api/v1/users/alice")
    return lines


def _addresses(settings: Settings, addresses: Addresses, root: Path) -> list[str]:
    url = web_url(settings)
    lines = []
    if settings.role != "worker":
        lines.append(f"proxy      {url}/v1 (OpenAI SDK), {url}/anthropic (Anthropic SDK)")
    if settings.role != "proxy":
        lines.append(f"dashboard  {url}/")
    lines.append(f"state      {url}/health/ready {url}/metrics")
    lines.append(f"broker     {addresses.kafka or settings.kafka.bootstrap_servers}")
    if addresses.s3 is not None:
        lines.append(f"S3         {addresses.s3.endpoint_url}/{addresses.s3.bucket}")
    if addresses.analytics_url is not None:
        lines.append(f"analytics  http://{addresses.analytics_url.rpartition('@')[2]} (ClickHouse)")
    if settings.access.mode == "open":
        lines.append("access     open to anybody on this machine (TAILRACE_ACCESS__MODE=open)")
    else:
        lines.append("access     by key: `tailrace keys create` (TAILRACE_ACCESS__MODE)")
    return [*lines, f"data       {root} (logs/, keys in instance.json)"]


def _durability(addresses: Addresses, *, kept: bool) -> list[str]:
    durable = [
        *(["bodies in S3"] if addresses.s3 is not None else []),
        *(["analytics"] if addresses.analytics_url is not None else []),
    ]
    lines = []
    if durable:
        lines.append(f"Durable: {' and '.join(durable)}.")
    if addresses.kafka is not None:
        lines.append(
            "Not durable: broker topics and live tables, which end with this command; the embedded"
            " broker is for one process on one machine."
        )
        if kept:
            lines.append(
                "Topics and live tables start empty; bodies and analytics of earlier runs are kept."
            )
    return lines

"""`tailrace demo`: `tailrace up`, sample traffic from the official SDKs, then the live table.

Every call is made twice, once direct to the mock provider and once through the proxy; the demo
fails if any two bodies differ or if the table does not add up to what the clients saw.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from app.errors import StartError

if TYPE_CHECKING:
    from app.cli.demo_traffic import Sent

VISIBLE_TIMEOUT_S = 15
READY_TIMEOUT_S = 180
STOP_TIMEOUT_S = 120


def register(subparsers: Any) -> None:
    """Add the command."""
    command = subparsers.add_parser("demo", help="`up`, and sample traffic from the official SDKs")
    command.add_argument("--once", action="store_true", help="stop when the table was printed")


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 0 if all bodies are equal and the totals add up, else 1.

    Raises: StartError, SettingsError.
    """
    from app.cli.up import settings_for_one_machine

    settings = settings_for_one_machine()
    url = f"http://127.0.0.1:{settings.web.port}"
    with subprocess.Popen([sys.executable, "-m", "app", "up"]) as up:
        try:
            _wait_ready(url, up)
            code = _show(url)
            if not arguments.once:
                print("\nStill running; Ctrl-C stops everything.", flush=True)
                up.wait()
        except KeyboardInterrupt:
            # Ctrl-C reached `up` as well, which stops by itself.
            return up.wait(STOP_TIMEOUT_S)
        finally:
            _stop(up)
    return code


def _wait_ready(url: str, up: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline_s:
        if up.poll() is not None:
            raise StartError("`tailrace up` did not start; its last line says why")
        state = _get(f"{url}/health/ready")
        if state is not None and state["status"] == "ok":
            return
        _pause(0.2)
    raise StartError(f"not ready after {READY_TIMEOUT_S} s; see the logs in the data directory")


def _show(url: str) -> int:
    try:
        from app.cli.demo_traffic import USERS, drive
    except ImportError as error:
        raise StartError(f"the demo needs the packages openai and anthropic: {error}") from error
    before = {user: _get(f"{url}/api/v1/users/{user}") for user in USERS}
    sent = asyncio.run(drive(url))
    after = {user: _until_counted(url, user, before[user], sent[user]) for user in USERS}
    return report(sent, before, after)


def _until_counted(url: str, user: str, before: Any, sent: "Sent") -> Any:
    deadline_s = time.monotonic() + VISIBLE_TIMEOUT_S
    wanted = sent.requests + (before["requests"] if before else 0)
    while time.monotonic() < deadline_s:
        row = _get(f"{url}/api/v1/users/{user}")
        if row is not None and row["requests"] >= wanted:
            return row
        _pause(0.05)
    raise StartError(f"the calls of {user} did not appear within {VISIBLE_TIMEOUT_S} s")


def report(sent: "dict[str, Sent]", before: dict[str, Any], after: dict[str, Any]) -> int:
    """Print the table and the verdicts; 0 if everything is as it must be."""
    print(f"\n{'user':<8}{'requests':>9}{'input':>8}{'output':>8}{'cost USD':>14}   as sent")
    faults = 0
    for user, seen in sent.items():
        row = difference(after[user], before[user])
        expected = (seen.requests, seen.input_tokens, seen.output_tokens, seen.cost_nano_usd)
        faults += (same := row == expected) is False
        requests, tokens_in, tokens_out, nano_usd = row
        cost = f"{nano_usd / 1e9:.9f}"
        verdict = "yes" if same else f"NO, sent {expected}"
        print(f"{user:<8}{requests:>9}{tokens_in:>8}{tokens_out:>8}{cost:>14}   {verdict}")
    calls = sum(each.requests for each in sent.values())
    differing = [name for each in sent.values() for name in each.differing]
    print(
        f"\n{calls - len(differing)} of {calls} bodies are those of a direct call, byte for byte."
    )
    for name in differing:
        print(f"differs: {name}")
    return 1 if faults or differing else 0


def difference(after: Any, before: Any) -> tuple[int, int, int, int]:
    """Requests, input and output tokens and nano-USD that came between two answers."""

    def numbers(row: Any) -> tuple[int, int, int, int]:
        if row is None:
            return 0, 0, 0, 0
        tokens = row["tokens"]
        return row["requests"], tokens["input"], tokens["output"], row["cost_nano_usd"]

    first, second, third, fourth = (
        a - b for a, b in zip(numbers(after), numbers(before), strict=True)
    )
    return first, second, third, fourth


def _get(url: str) -> Any:
    """The JSON at our own address; None while there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - http to ourselves
            return json.loads(response.read())
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _pause(seconds: float) -> None:
    asyncio.run(asyncio.sleep(seconds))


def _stop(up: "subprocess.Popen[bytes]") -> None:
    if up.poll() is None:
        up.send_signal(signal.SIGTERM)
        try:
            up.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            up.kill()

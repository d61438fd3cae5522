from app.reference.settings import render_settings
from config.settings import Settings
from config.variables import leaves


def row(variable: str) -> list[str]:
    lines = [line for line in render_settings().splitlines() if f"| `{variable}` " in line]
    assert len(lines) == 1
    return [cell.strip() for cell in lines[0].strip("|").split(" | ")]


def test_every_setting_is_there_once() -> None:
    for leaf in leaves(Settings):
        assert row(leaf.variable)[-1] == " ".join(str(leaf.info.description).split())


def test_default_and_what_is_allowed() -> None:
    assert row("TAILRACE_WEB__PORT")[1:3] == ["`6066`", "a whole number from 1 to 65535"]
    assert row("TAILRACE_EPOCH")[1:3] == ["unset", "text matching `^[A-Za-z0-9._-]{1,64}$`"]
    assert row("TAILRACE_UPSTREAMS")[1] == "`{}`"


def test_sections_have_their_meaning_and_upstreams_their_entry() -> None:
    text = render_settings()
    assert "## kafka\n\nThe broker; unset servers mean the embedded one." in text
    assert "| `base_url` | required |" in text
    assert "| `dialect` | `raw` | one of openai, anthropic, gemini, raw |" in text

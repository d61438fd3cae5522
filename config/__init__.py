"""Settings and data files: the only package that reads the environment.

    settings.py    the frozen tree `Settings`
    sections.py    one pydantic model per section; units are in the names
    analytics_sections.py  the section of the analytics engine
    webhook_sections.py    the section of webhooks
    engine_section.py      the section of the stream side
    loading.py     `load_settings()`: reads variables and the TOML file once
    variables.py   which variable sets which setting
    allowed.py     what a setting allows, in words
    faust_options.py  what Faust's command is told, as variables
    mistakes.py    a wrong setting as one line
    explain.py     the effective settings as lines, with their sources
    child_environment.py  the environments of child processes

Data: `prices.toml` (price overrides), `compose.yaml` (Kafka, S3 and ClickHouse for those who have
Docker), `reference/` (generated pages on settings, metrics, topics, the record and the CLI).

Imports nothing of ours, so every other package may import it.
"""

from config.loading import load_settings
from config.mistakes import SettingsError
from config.settings import Settings

__all__ = ["Settings", "SettingsError", "load_settings"]

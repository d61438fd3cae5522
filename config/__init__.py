"""Settings and data files: the only package that reads the environment.

    settings.py    the frozen tree `Settings`
    loading.py     `load_settings()`: reads variables and the TOML file once
    sections.py    one pydantic model per section; units are in the names
    explain.py     the effective settings as lines, or as variables for a child process

Data: `prices.toml` (price overrides), `compose.yaml` (Kafka, S3 and ClickHouse for those who have
Docker), `reference/` (generated pages on settings, metrics, topics, the record and the CLI).

Imports nothing of ours, so every other package may import it.
"""

from config.loading import SettingsError, load_settings
from config.settings import Settings

__all__ = ["Settings", "SettingsError", "load_settings"]

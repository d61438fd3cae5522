"""Keys and the gate in front of every route."""

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from config import Settings


def access_of(settings: Settings) -> tuple[KeyDirectory, Gate]:
    """The keys of this process, and what the settings demand of requests."""
    admin, token = settings.access.admin_key, settings.internal_token
    keys = KeyDirectory(None if admin is None else admin.get_secret_value())
    policy = AccessPolicy(settings.access.mode, settings.access.relay)
    return keys, Gate(policy, keys, None if token is None else token.get_secret_value())

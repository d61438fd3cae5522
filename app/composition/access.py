"""Keys and the gate in front of every route."""

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from app.cluster.trust import token_of
from app.composition.linking import LinkCheck
from app.composition.webhooks import links_of
from config import Settings


def access_of(settings: Settings) -> tuple[KeyDirectory, Gate]:
    """The keys of this process, and what the settings demand of requests."""
    admin = settings.access.admin_key
    keys = KeyDirectory(None if admin is None else admin.get_secret_value())
    policy = AccessPolicy(settings.access.mode, settings.access.relay, settings.own_url)
    links = LinkCheck(links_of(settings))
    return keys, Gate(policy, keys, token_of(settings), links)

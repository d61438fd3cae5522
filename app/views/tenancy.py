"""Whose data a request may see."""

from aiohttp import web

from app.access.directory import Principal
from app.record.model import DEFAULT_TENANT

PRINCIPAL = web.RequestKey("tailrace_principal", Principal)


def tenant_of(request: web.Request) -> str:
    """The tenant whose data a request may see: that of its key, never one that it names."""
    principal = request.get(PRINCIPAL)
    return DEFAULT_TENANT if principal is None else principal.tenant

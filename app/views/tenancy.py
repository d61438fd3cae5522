"""Whose data a request may see, and what its key allows."""

from aiohttp import web

from app.access.directory import Principal
from app.access.keys import Role
from app.record.model import DEFAULT_TENANT

PRINCIPAL = web.RequestKey("tailrace_principal", Principal)


def tenant_of(request: web.Request) -> str:
    """The tenant whose data a request may see: that of its key, never one that it names."""
    principal = request.get(PRINCIPAL)
    return DEFAULT_TENANT if principal is None else principal.tenant


def role_of(request: web.Request) -> Role:
    """What the request's key allows; a tenant's rights where nobody was told."""
    principal = request.get(PRINCIPAL)
    return "tenant" if principal is None else principal.role

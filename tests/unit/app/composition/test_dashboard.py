"""The dashboard as a feature: its routes come before those that pass on whatever is left."""

from aiohttp import web

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from app.composition.dashboard import Dashboard


async def test_its_routes() -> None:
    web_app = web.Application()
    Dashboard(Gate(AccessPolicy(), KeyDirectory(), None)).register(web_app)
    paths = {
        (route.method, route.resource.canonical)
        for route in web_app.router.routes()
        if route.resource is not None
    }
    assert {("GET", "/"), ("GET", "/static/{path}"), ("POST", "/api/v1/session")} <= paths

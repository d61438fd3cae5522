"""Whose data a request may see."""

from aiohttp.test_utils import make_mocked_request

from app.record.model import DEFAULT_TENANT
from app.views.tenancy import role_of, tenant_of


def test_without_access_control_there_is_one_tenant() -> None:
    assert tenant_of(make_mocked_request("GET", "/api/v1/users?tenant=acme")) == DEFAULT_TENANT
    assert role_of(make_mocked_request("GET", "/api/v1/users")) == "tenant"

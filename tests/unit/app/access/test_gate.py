"""The gate in front of every route: which key a request needs, and whose it is."""

from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.access.directory import ANYBODY, KeyDirectory, Principal
from app.access.gate import COOKIE, AccessPolicy, Gate, check_admin, kind_of
from app.access.keys import mint
from app.cluster.trust import ROLE_HEADER, TENANT_HEADER, credentials
from app.control.memory import MemoryControl
from app.errors import QueryRefused, RelayRefused, Unavailable
from app.views.tenancy import PRINCIPAL, role_of, tenant_of

TOKEN = "the-token-of-this-test"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
ACME = mint("acme", "tenant", "", NOW)
ADMIN = mint("default", "admin", "", NOW)
KEYS = KeyDirectory()
for each in (ACME, ADMIN):
    KEYS.put(each.entry.key_id, each.entry.encode())
REQUIRED = Gate(AccessPolicy("required", "required"), KEYS, TOKEN)
OPEN = Gate(AccessPolicy("open", "open"), KEYS, TOKEN)


class Unread(MemoryControl):
    """Nothing was read of it yet."""

    @property
    def state(self) -> str:
        return "starting"


UNREAD = KeyDirectory("admin-key-of-the-settings")
UNREAD.follow(Unread())
COLD = [
    Gate(policy, UNREAD, TOKEN)
    for policy in (AccessPolicy("required", "required"), AccessPolicy("open", "open"))
]


def request(path: str = "/api/v1/users", **headers: str) -> web.Request:
    return make_mocked_request("GET", path, headers=headers)


async def passed(gate: Gate, given: web.Request) -> web.Request:
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    await gate.middleware()(given, handler)  # type: ignore[arg-type]
    return given


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "public"),
        ("/metrics", "public"),
        ("/api/v1/session", "public"),
        ("/health/ready", "public"),
        ("/static/app.js", "public"),
        ("/internal/mock/v1/models", "public"),
        ("/internal/tables/users", "internal"),
        ("/v1/chat/completions", "relayed"),
        ("/openai/v1/models", "relayed"),
        ("/api/v1/users/alice", "closed"),
        ("/api/v2/something-new", "closed"),
        ("/api/", "closed"),
    ],
)
def test_a_path_that_no_rule_names_is_closed(path: str, kind: str) -> None:
    assert kind_of(request(path)) == kind


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {ACME.text}"},
        {"Authorization": f"bearer  {ACME.text}"},
        {"Cookie": f"{COOKIE}={ACME.text}"},
    ],
)
async def test_the_tenant_is_that_of_the_key(headers: dict[str, str]) -> None:
    for gate in (REQUIRED, OPEN):
        given = await passed(gate, request("/api/v1/users?tenant=other", **headers))
        assert tenant_of(given) == "acme"
        with pytest.raises(QueryRefused) as refused:
            check_admin(given)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {ACME.text[:-1]}"},
        {"Authorization": f"Basic {ACME.text}"},
        {"Authorization": "Bearer sk-openai"},
        {"Cookie": f"{COOKIE}=x"},
        {TENANT_HEADER: "acme"},
        {TENANT_HEADER: "acme", ROLE_HEADER: "admin"},
        {TENANT_HEADER: "acme", "Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN}"},
    ],
)
async def test_without_a_good_key_there_is_no_answer(headers: dict[str, str]) -> None:
    with pytest.raises(QueryRefused) as refused:
        await passed(REQUIRED, request(**headers))
    assert refused.value.status == 401


async def test_where_it_is_open_a_key_that_is_given_must_be_good() -> None:
    assert tenant_of(await passed(OPEN, request())) == "default"
    wrong = ACME.text.replace(ACME.text[-4:], "0000")
    with pytest.raises(QueryRefused):
        await passed(OPEN, request(Authorization=f"Bearer {wrong}"))


async def test_a_process_of_ours_says_for_whom_it_asks() -> None:
    given = await passed(REQUIRED, request(**credentials(TOKEN), **{TENANT_HEADER: "acme"}))
    assert (tenant_of(given), role_of(given)) == ("acme", "tenant")
    for said, role in (("admin", "admin"), ("tenant", "tenant"), ("Admin", "tenant")):
        asked = {TENANT_HEADER: "acme", ROLE_HEADER: said, **credentials(TOKEN)}
        assert role_of(await passed(REQUIRED, request(**asked))) == role
    log = await passed(REQUIRED, request("/api/v1/log", **credentials(TOKEN)))
    assert log[PRINCIPAL] == ANYBODY


async def test_who_has_a_key_cannot_say_more_of_it() -> None:
    headers = {ROLE_HEADER: "admin", "Authorization": f"Bearer {ACME.text}"}
    assert role_of(await passed(REQUIRED, request(**headers))) == "tenant"


async def test_public_and_relayed_paths_pass() -> None:
    for path in ("/health/live", "/v1/models", "/internal/top"):
        assert PRINCIPAL not in await passed(REQUIRED, request(path))


def test_admins_may_change_things() -> None:
    given = request()
    given[PRINCIPAL] = KEYS.find(ADMIN.text)
    assert check_admin(given).role == "admin"


def own(name: str, value: str) -> list[tuple[bytes, bytes]]:
    return [(b"tailrace-user-id", b"alice"), (name.encode(), value.encode())]


@pytest.mark.parametrize(
    ("fields", "required", "not_required"),
    [
        ([], None, "default"),
        (own("tailrace-auth", f"Bearer {ACME.text}"), "acme", "acme"),
        (own("tailrace-auth", ACME.text), "acme", "acme"),
        (own("tailrace-auth", "Bearer nonsense"), None, None),
        (own("helicone-auth", f"Bearer {ACME.text}"), "acme", "acme"),
        (own("helicone-auth", "Bearer sk-helicone-abc"), None, "default"),
        (own("helicone-auth", f"Bearer {ACME.text[:-4]}0000"), None, None),
    ],
)
def test_whose_call_it_is(fields: Any, required: str | None, not_required: str | None) -> None:
    found = [gate.relay_principal(fields) for gate in (REQUIRED, OPEN)]
    tenants = [None if each is None else each.tenant for each in found]
    assert tenants == [required, not_required]


@pytest.mark.parametrize("gate", COLD)
async def test_before_the_keys_were_read_one_that_is_not_known_may_be_good(gate: Gate) -> None:
    for headers in ({"Authorization": f"Bearer {ACME.text}"}, {"Cookie": f"{COOKIE}={ACME.text}"}):
        for path in ("/api/v1/users", "/api/v1/log"):
            with pytest.raises(Unavailable):
                await passed(gate, request(path, **headers))
    with pytest.raises(Unavailable):
        gate.key_of(ACME.text)
    for name in ("tailrace-auth", "helicone-auth"):
        with pytest.raises(RelayRefused) as refused:
            gate.relay_principal(own(name, f"Bearer {ACME.text}"))
        assert refused.value.status == 503


async def test_before_the_keys_were_read_all_else_is_as_ever() -> None:
    required, not_required = COLD
    admin = Principal("default", "admin", "settings")
    for gate in COLD:
        assert gate.key_of("admin-key-of-the-settings") == admin
        assert gate.relay_principal(own("tailrace-auth", "Bearer nonsense")) is None
        passed_on = request(**credentials(TOKEN), **{TENANT_HEADER: "acme"})
        assert tenant_of(await passed(gate, passed_on)) == "acme"
        assert (await passed(gate, request("/api/v1/log", **credentials(TOKEN))))[PRINCIPAL]
    for headers in ({}, {"Authorization": "Bearer sk-openai"}):
        with pytest.raises(QueryRefused):
            await passed(required, request(**headers))
        assert (await passed(not_required, request(**headers)))[PRINCIPAL] == ANYBODY
    for fields in ([], own("helicone-auth", "Bearer sk-helicone-abc")):
        assert required.relay_principal(fields) is None
        assert not_required.relay_principal(fields) == ANYBODY


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:6066", "127.0.0.1:6066", "127.8.0.1", "[::1]:6066", "tail.example:80"],
)
async def test_where_it_is_open_this_machine_must_be_meant(host: str) -> None:
    gate = Gate(AccessPolicy("open", "open", "http://tail.example:6066"), KEYS, TOKEN)
    assert (await passed(gate, request(Host=host)))[PRINCIPAL] == ANYBODY
    assert (await passed(OPEN, request()))[PRINCIPAL] == ANYBODY


@pytest.mark.parametrize(
    "host", ["evil.example:6066", "localhost.evil.example", "10.0.0.1", "[::2]", "[bad", ":6066"]
)
async def test_a_page_whose_name_was_made_to_mean_loopback_reads_nothing(host: str) -> None:
    for path in ("/api/v1/users", "/api/v1/log", "/api/v1/exchanges/x/body"):
        with pytest.raises(QueryRefused, match="TAILRACE_ACCESS__MODE=open") as refused:
            await passed(OPEN, request(path, Host=host))
        assert refused.value.status == 403
    with pytest.raises(QueryRefused):
        OPEN.principal(request("/api/v1/session", Host=host))


async def test_who_has_a_key_may_ask_by_any_name() -> None:
    for gate in (REQUIRED, OPEN):
        headers = {"Host": "evil.example", "Authorization": f"Bearer {ACME.text}"}
        assert tenant_of(await passed(gate, request(**headers))) == "acme"
    assert OPEN.relay_principal(own("host", "evil.example")) == ANYBODY

"""Malicious HTTP requests: modules to import, foreign hosts, sessions of others."""

import json

import pytest
from bokeh.util.token import generate_jwt_token
from tornado.httpclient import HTTPClientError

from tests.hostile.client import Closed, Page, Wire, fetch, run

pytestmark = pytest.mark.jit
MODULES = (
    "lib2to3.__main__/x/_css/y",
    "this/x/_css/y",
    "antigravity/x/_css/y",
    "idlelib.__main__/x/_css/y",
    "panel.template.material/MaterialTemplate/_css/material.css",
    "%6cib2to3.__main__/x/_css/y",
    "/lib2to3.__main__/x/_css/y",
    "x",
    "",
)
HOSTS = (
    "evil.example",
    "evil.example:5006",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "10.1.2.3",
    "",
    "a b",
)


def test_no_address_loads_a_module(server):
    async def scenario():
        for path in MODULES:
            assert (await fetch(server.address, f"/components/{path}")).code == 404, path

    before = server.log.stat().st_size
    run(scenario())
    # `this` prints a poem, others a usage: nothing ran.
    assert b"Beautiful" not in server.log.read_bytes()[before:]


def test_the_page_needs_none_of_the_components(server):
    async def scenario():
        page = await Page(server.address).load()
        wire = await page.connect()
        wire.close()
        return page.response.body.decode() + json.dumps(wire.document)

    assert "components/" not in run(scenario())


def test_a_foreign_host_gets_nothing(server):
    async def scenario():
        paths = ["/app", "/", "/favicon.ico", "/static/js/bokeh.min.js", "/app/metadata", "/nowhere"]
        page = await Page(server.address).load()
        for host in HOSTS:
            for path in paths + ["/health", "/metrics"] * server.serves_health:
                answer = await fetch(server.address, path, Host=host)
                assert answer.code in (400, 403), (host, path)
                assert b"token" not in answer.body
            with pytest.raises(HTTPClientError, match=r"40[03]"):
                await Wire.open(server.address, page.token, Host=host, **page.cookie_header)

    run(scenario())


def test_its_own_hosts_are_served(server):
    async def scenario():
        for host in (f"localhost:{server.port}", f"127.0.0.1:{server.port}", "localhost"):
            assert (await fetch(server.address, "/app", Host=host)).code == 200, host

    run(scenario())


def test_every_answer_has_its_headers(server):
    for path in ["/app", "/nowhere", "/components/this/x/_css/y"] + ["/health"] * server.serves_health:
        headers = run(fetch(server.address, path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
        assert headers["Referrer-Policy"] == "same-origin"


def test_nobody_chooses_a_session(server):
    async def scenario():
        # The attacker's own page: a session and a token of this server, as good as they get.
        page = await Page(server.address).load()
        wire = await page.connect()
        for query in ("bokeh-session-id=chosen", f"bokeh-token={page.token}", "bokeh-session-id="):
            for path in ("/app", "/app/metadata", "/app/autoload.js"):
                answer = await fetch(server.address, f"{path}?{query}&bokeh-autoload-element=x")
                assert answer.code == 403, (path, query)
        assert (await fetch(server.address, "/app", Bokeh_Session_Id="chosen")).code == 403
        wire.close()

    run(scenario())


FORWARDED = {"X_Forwarded_For": "127.0.0.1", "X_Real_Ip": "127.0.0.1"}


def test_only_its_creator_joins_a_session(server):
    async def refused(token: str, **headers: str) -> None:
        for more in ({}, FORWARDED):
            with pytest.raises(HTTPClientError, match="403"):
                await Wire.open(server.address, token, **more, **headers)

    async def scenario():
        victim = await Page(server.address).load()
        wire = await victim.connect()
        attacker = await Page(server.address).load()
        assert attacker.cookies != victim.cookies
        await refused(victim.token)
        await refused(victim.token, **attacker.cookie_header)
        await refused(attacker.token, **victim.cookie_header)
        name = next(iter(victim.cookies))
        await refused(victim.token, Cookie=f"{name}=")
        for made_up in (
            generate_jwt_token("chosen"),
            generate_jwt_token("chosen", signed=True, secret_key=b"x"),
        ):
            await refused(made_up)
            await refused(made_up, **victim.cookie_header)
        head, _, rest = victim.token.partition(".")
        for broken in ("", "x", head, f"{head}.", f"{head}x.{rest}", "." + rest, "a.b.c"):
            await refused(broken or "-", **victim.cookie_header)
        # All this while, and afterwards, the page is its owner's.
        assert (await wire.change(wire.find("Frames kept"), "value", 2))[0]["msgtype"] == "OK"
        wire.close()

    run(scenario())


def test_a_page_cannot_be_loaded_into_another_browser_by_its_cookie_alone(server):
    async def scenario():
        one = await Page(server.address).load()
        other = await Page(server.address, **one.cookies).load()
        assert other.token != one.token
        assert other.cookies == one.cookies, "a browser keeps its cookie"

    run(scenario())


def test_a_session_has_one_connection(server):
    async def scenario():
        page = await Page(server.address).load()
        older = await page.connect()
        newer = await page.connect()
        closed = await older.closed()
        assert isinstance(closed, Closed)
        assert closed.code == 1001
        assert (await newer.change(newer.find("Frames kept"), "value", 2))[0]["msgtype"] == "OK"
        newer.close()

    run(scenario())


def test_a_cookie_is_not_for_scripts_nor_for_other_sites(server):
    line = run(fetch(server.address, "/app")).headers["Set-Cookie"]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line

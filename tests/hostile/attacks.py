"""Attacks by HTTP and by the websocket: coroutines that return what they should not have reached."""

import asyncio
import base64
import contextlib
import functools
import gzip
import json
from collections.abc import Awaitable, Callable

import numpy as np
from bokeh.util.token import generate_jwt_token
from tornado.httpclient import HTTPClientError
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from tests.hostile.client import Closed, Page, Wire, changed, event, fetch
from tests.hostile.server import ServedAs

MB = 2**20
MODULES = (
    "lib2to3.__main__", "this", "antigravity", "idlelib.__main__", "test.__main__", "panel.command",
    "bokeh.__main__", "%6cib2to3.__main__", "/lib2to3.__main__", "..app.main",
)  # fmt: skip
HOSTS = ("evil.example", "evil.example:5006", "localhost.evil.example", "127.0.0.1.nip.io", "10.1.2.3")
GONE = (Closed, WebSocketClosedError, StreamClosedError, TimeoutError)
Attack = Callable[[ServedAs, np.random.Generator], Awaitable[list[str]]]


async def joined(server: ServedAs) -> Wire:
    """Open a page as anybody may."""
    return await (await Page(server.address).load()).connect()


async def load_modules(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Have modules imported by their addresses."""
    paths = [f"/components/{module}/x/_css/y" for module in rng.permutation(MODULES)]
    codes = [(await fetch(server.address, path)).code for path in paths]
    return [f"{path}: {code}" for path, code in zip(paths, codes, strict=True) if code != 404]


async def foreign_hosts(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Call pages, files and figures by another name."""
    losses = []
    for host in rng.permutation(HOSTS):
        for path in ("/app", "/static/js/bokeh.min.js", "/health", "/metrics"):
            answer = await fetch(server.address, path, Host=str(host))
            losses += [f"{host} {path}"] * (answer.code == 200)
    return losses


async def take_sessions(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Join the session of somebody else, by its token, by changed ones and by made-up ones."""
    victim, thief = await Page(server.address).load(), await Page(server.address).load()
    wire = await victim.connect()
    at = int(rng.integers(len(victim.token)))
    tokens = [
        victim.token, victim.token[:at] + "A" + victim.token[at + 1 :], generate_jwt_token("chosen"),
        generate_jwt_token("chosen", signed=True, secret_key=rng.bytes(32)),
    ]  # fmt: skip
    losses = []
    for token in tokens:
        for headers in ({}, {"X_Forwarded_For": "127.0.0.1"}, thief.cookie_header):
            with contextlib.suppress(HTTPClientError):
                (await Wire.open(server.address, token, **headers)).close()
                losses.append("joined another's session")
    answer = await fetch(server.address, f"/app?bokeh-token={victim.token}")
    losses += ["gave another's session"] * (answer.code == 200)
    await wire.pull()
    wire.close()
    return losses


@functools.cache
def packed(n_bytes: int) -> dict:
    """Return zeros as Bokeh writes bytes into a message."""
    return {"type": "bytes", "data": base64.b64encode(gzip.compress(bytes(n_bytes))).decode()}


async def bombs(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Send little that unpacks to much."""
    wire, before, n_fields = await joined(server), server.peak_bytes, int(rng.choice([1, 40]))
    with contextlib.suppress(*GONE):
        await wire.patch(changed(wire.find("Frames kept"), "tags", [packed(400 * MB // n_fields)] * n_fields))
    wire.close()
    return _grown(server, before, 250)


async def endless_buffers(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Announce a million buffers and begin to send them."""
    wire, before, size = await joined(server), server.peak_bytes, int(rng.integers(1, 12)) * MB
    head = {"msgid": "1", "msgtype": "PATCH-DOC", "num_buffers": 10**6}
    with contextlib.suppress(*GONE):
        await wire.send_raw(json.dumps(head), "{}", '{"events": []}')
        for number in range(600 * MB // size):
            await asyncio.wait_for(wire.send_raw(json.dumps({"id": f"b{number}"}), bytes(size)), 5)
    wire.close()
    return _grown(server, before, 400)


async def read_nothing(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Ask again and again and read no answer."""
    wire, before = await joined(server), server.peak_bytes
    slider = wire.find("Frames kept")
    with contextlib.suppress(*GONE):
        for _ in range(500):
            await asyncio.wait_for(wire.send("PULL-DOC-REQ", {}), 2)
            moved = {"events": [changed(slider, "value", int(rng.integers(9)))]}
            await asyncio.wait_for(wire.send("PATCH-DOC", moved), 2)
    wire.close()
    return _grown(server, before, 250)


async def garbage(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Send messages that are none, and events of nothing."""
    losses, size = [], server.log.stat().st_size
    for _ in range(10):
        wire = await joined(server)
        model, mark = wire.find("Frames kept"), "z" * 50_000
        told = [
            changed(model, mark, 1), changed(mark, "value", 1), {"kind": mark}, event(mark, {}),
            changed(model, "value", {"type": "object", "name": mark, "id": "q"}),
            changed(model, "value", [[]] * 999),
        ]  # fmt: skip
        with contextlib.suppress(*GONE):
            for one in told:
                _, content = await wire.patch(one)
                losses += [f"told {content}"[:200]] * ("/" in json.dumps(content))
            for _ in range(3):
                raw = rng.bytes(int(rng.integers(1, 2000)))
                await wire.send_raw(raw if rng.random() < 0.5 else raw.decode("latin1"))
            await wire.closed(5)
        wire.close()
    return losses + ["logged a whole message"] * ("z" * 1000 in server.log.read_text()[size:])


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        load_modules, foreign_hosts, take_sessions, bombs, endless_buffers, read_nothing, garbage,
    )
}  # fmt: skip


def _grown(server: ServedAs, before: int, most: int) -> list[str]:
    megabytes = (server.peak_bytes - before) / MB
    return [f"took {megabytes:.0f} MB"] if megabytes > most else []

"""Attacks by HTTP and by the websocket: coroutines that return what they should not have obtained."""

import asyncio
import base64
import contextlib
import functools
import gzip
import json
from collections.abc import Awaitable, Callable, Iterator
from html import escape
from urllib.parse import urlencode

import numpy as np
from bokeh.util.token import generate_jwt_token
from tornado.httpclient import HTTPClientError
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from tests.hostile.client import Closed, Page, Wire, changed, event, fetch
from tests.hostile.files import COMMENTS
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
    """Open a page as any client may."""
    return await (await Page(server.address).load()).connect()


async def load_modules(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Try to import modules by URLs."""
    paths = [f"/components/{module}/x/_css/y" for module in rng.permutation(MODULES)]
    codes = [(await fetch(server.address, path)).code for path in paths]
    return [f"{path}: {code}" for path, code in zip(paths, codes, strict=True) if code != 404]


async def foreign_hosts(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Request pages, files and figures with another host name."""
    losses = []
    for host in rng.permutation(HOSTS):
        for path in ("/app", "/static/js/bokeh.min.js", "/health", "/metrics"):
            answer = await fetch(server.address, path, Host=str(host))
            losses += [f"{host} {path}"] * (answer.code == 200)
    return losses


async def take_sessions(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Join another session with its token, with altered tokens and with invented ones."""
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
    """Return zeros encoded as Bokeh encodes bytes in a message."""
    return {"type": "bytes", "data": base64.b64encode(gzip.compress(bytes(n_bytes))).decode()}


async def bombs(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Send compressed data that unpack to much more."""
    wire, before, n_fields = await joined(server), server.peak_bytes, int(rng.choice([1, 40]))
    with contextlib.suppress(*GONE):
        await wire.patch(changed(wire.find("Frames kept"), "tags", [packed(400 * MB // n_fields)] * n_fields))
    wire.close()
    return _grown(server, before, 250)


async def endless_buffers(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Announce a million buffers and start sending them."""
    wire, before, size = await joined(server), server.peak_bytes, int(rng.integers(1, 12)) * MB
    head = {"msgid": "1", "msgtype": "PATCH-DOC", "num_buffers": 10**6}
    with contextlib.suppress(*GONE):
        await wire.send_raw(json.dumps(head), "{}", '{"events": []}')
        for number in range(600 * MB // size):
            await asyncio.wait_for(wire.send_raw(json.dumps({"id": f"b{number}"}), bytes(size)), 5)
    wire.close()
    return _grown(server, before, 400)


async def read_nothing(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Send requests repeatedly without reading the answers."""
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
    """Send malformed messages and events without a source."""
    losses, size = [], server.log.stat().st_size
    for _ in range(3):
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


# Of the page: what is being done, and what is open; its address names the file from the start.
READING, SHOWN = escape("<span>reading"), escape(">good.xyz</div>")
# A field of a section that joins the page when it is first opened.
BANDWIDTH = "Bandwidth h / Å⁻¹"
# Files that are not regular, and why none of them is opened; a device is not beneath the folder.
SPECIAL = {
    **dict.fromkeys(("fifo.xyz", "fifo.cif", "fifo"), "expected a regular file, got a FIFO"),
    "link.xyz": "expected a path beneath",
}


async def opened(server: ServedAs, name: str) -> Wire:
    """Load a page that opens one of the server's files, and its scripts."""
    page = await Page(server.address).load(urlencode({"file": server.data / name}))
    wire = await page.connect()
    await wire.event("document_ready", {})
    return wire


async def begin_nothing(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Request pages that open files, without running their scripts."""
    losses = []
    # Three of them at a time.
    for name in rng.permutation([*SPECIAL, "endless.lammpsdump", "good.xyz"])[:3]:
        page = await Page(server.address).load(urlencode({"file": server.data / str(name)}))
        losses += [f"{name}: {page.response.code}"] * (page.response.code != 200)
        # Nor does a websocket begin work, as long as no page says that it is there.
        wire = await page.connect()
        losses += [f"{name}: it is read"] * (READING in json.dumps(wire.document, ensure_ascii=False))
        wire.close()
    return losses


async def special_files(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Try to open files that are not regular."""
    for name in rng.permutation(list(SPECIAL)):
        wire = await opened(server, str(name))
        await wire.wait_for(SPECIAL[str(name)])
        wire.close()
    return []


async def endless_files(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Open endless files, then cancel or leave; jobs of another page must run."""
    losses = []
    for name in ("endless.lammpsdump", "endless.cif"):
        losses += await read_without_end(server, name, "leaves" if rng.random() < 0.5 else "cancels")
    return losses


async def read_without_end(server: ServedAs, name: str, how: str) -> list[str]:
    """Hold the worker by a file until its page ``cancels`` or ``leaves``."""
    wire = await opened(server, name)
    # Neither what waits nor what ends by its deadline is meant.
    await wire.wait_for(READING)
    losses = []
    if how == "leaves":
        wire.close()
    else:
        await wire.pull()
        header, _ = await wire.click("Cancel")
        losses += ["not cancelled"] * (header["msgtype"] != "OK")
    other = await opened(server, "good.xyz")
    await other.wait_for(SHOWN)
    other.close()
    wire.close()
    return losses


async def long_comments(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Open files with comments that take a careless parser quadratic time."""
    for name in rng.permutation(list(COMMENTS)):
        wire = await opened(server, f"{name}.xyz")
        is_closed = name in ("blanks", "keys")
        await wire.wait_for(escape(f">{name}.xyz</div>") if is_closed else "is not closed")
        wire.close()
    return []


async def long_values(server: ServedAs, rng: np.random.Generator) -> list[str]:
    """Set widgets to values that have blocked the event loop, or could."""
    wire = await opened(server, "good.xyz")
    await wire.wait_for(SHOWN)
    await open_sections(wire)
    losses = []
    for model, name, value in held_values(wire):
        header, _ = await wire.change(model, name, value)
        losses += [f"{name}: {header['msgtype']}"] * (header["msgtype"] not in ("OK", "ERROR"))
    header, _ = await wire.change(wire.find("Frames kept"), "value", 1)
    losses += ["the page no longer works"] * (header["msgtype"] != "OK")
    wire.close()
    return losses


async def open_sections(wire: Wire) -> None:
    """Open the sections of the sidebar, which may be built later, until all of their fields are there."""
    while BANDWIDTH not in json.dumps(wire.document, ensure_ascii=False):
        for section in [model["id"] for model in wire.models() if "Accordion" in model["name"]]:
            await wire.change(section, "active", [0])
        await wire.pull()


def held_values(wire: Wire) -> Iterator[tuple[str, str, object]]:
    """Yield models, attributes, and the values that a client sets."""
    long = "/a" * 2**20
    path = wire.find("File path or data-set name")
    yield path, "value_input", long
    yield path, "value", long
    yield path, "value_input", "/a" * 9000
    bandwidth = wire.find(BANDWIDTH)
    for text in ("1e300", "1e-300", "9" * 15_000, "nan", "-1"):
        yield bandwidth, "value_input", text
    address = wire.find_kind("Address")
    steps = [{"marks": [",".join(["0-2"] * 20_000), ""]}]
    yield address, "kept", json.dumps({"file": "", "parameters": None, "steps": steps, "at": 0})
    yield address, "kept", "[" * 200_000
    yield wire.find("Frames kept"), "value", 10**30
    tables = [m["id"] for m in wire.models() if "Tabulator" in m["name"]]
    for table in tables[:1]:
        yield table, "filters", [{"field": "name", "type": "keywords", "value": "x " * 9000}]


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        load_modules, foreign_hosts, take_sessions, bombs, endless_buffers, read_nothing, garbage,
        begin_nothing, special_files, endless_files, long_comments, long_values,
    )
}  # fmt: skip


def _grown(server: ServedAs, before: int, most: int) -> list[str]:
    megabytes = (server.peak_bytes - before) / MB
    return [f"took {megabytes:.0f} MB"] if megabytes > most else []

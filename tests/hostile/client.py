"""A raw client of the server that controls every header, token and fragment.

`Page` requests a page as a browser does and keeps its cookies; `Wire` speaks Bokeh's protocol over a
websocket: each message is a header, metadata and content, in JSON, and then buffers.

>>> page = await Page(address).load()                     # doctest: +SKIP
>>> wire = await page.connect()                           # doctest: +SKIP
>>> await wire.change(wire.find("Frames kept"), "value", 3)   # doctest: +SKIP
"""

import asyncio
import itertools
import json
import re
from collections import deque
from collections.abc import Coroutine, Iterator
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests import asynchronous

TOKEN = re.compile(r'"token":\s*"([^"]+)"')
# The limit of every wait: far more than a busy machine needs.
SECONDS = 600.0
_opened: list[WebSocketClientConnection] = []


class Closed(ConnectionError):
    """The server closed the websocket.

    Attributes
    ----------
    code : int or None
    reason : str or None
    """

    def __init__(self, code: int | None, reason: str | None):
        super().__init__(f"closed: {code} {reason}")
        self.code, self.reason = code, reason


def run(scenario: Coroutine) -> Any:
    """Run a coroutine within `SECONDS`, close all websockets that it leaves open, and return its result."""

    async def bounded():
        # Those of another loop are not ours to close.
        _opened.clear()
        try:
            return await asyncio.wait_for(scenario, SECONDS)
        finally:
            while _opened:
                _opened.pop().close()

    return asynchronous.run(bounded())


async def fetch(address: str, path: str = "/", method: str = "GET", **headers: str) -> HTTPResponse:
    """Request an address and return the response, whatever its status.

    In names of headers ``_`` stands for ``-``.
    """
    request = HTTPRequest(
        address + path, method=method, headers=_headers(headers), follow_redirects=False,
        request_timeout=SECONDS, connect_timeout=SECONDS, allow_nonstandard_methods=True,
    )  # fmt: skip
    return await AsyncHTTPClient().fetch(request, raise_error=False)


class Page:
    """A loaded page with its cookies.

    Attributes
    ----------
    cookies : dict of str
    response : HTTPResponse
        Response to the last `load`.
    """

    def __init__(self, address: str, **cookies: str):
        self.address, self.cookies = address, dict(cookies)

    async def load(self, query: str = "", **headers: str) -> "Page":
        """Request the page, following one redirect."""
        path = "/app" + ("?" + query if query else "")
        for _ in range(2):
            self.response = await fetch(self.address, path, **self.cookie_header, **headers)
            self._keep_cookies(self.response)
            if self.response.code not in (301, 302, 303, 307):
                break
            path = self.response.headers["Location"]
        return self

    @property
    def token(self) -> str:
        """The token with which the page's scripts connect."""
        return TOKEN.search(self.response.body.decode())[1]

    @property
    def cookie_header(self) -> dict[str, str]:
        """The header that returns the cookies."""
        text = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": text} if text else {}

    async def connect(self, token: str | None = None, **headers: str) -> "Wire":
        """Open the page's websocket and pull the document."""
        wire = await Wire.open(self.address, token or self.token, **{**self.cookie_header, **headers})
        await wire.receive()
        await wire.pull()
        return wire

    def _keep_cookies(self, response: HTTPResponse) -> None:
        for line in response.headers.get_list("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()


class Wire:
    """A websocket that speaks Bokeh's protocol.

    Attributes
    ----------
    socket : WebSocketClientConnection
        To send what no method here sends.
    document : dict
        Document that was pulled last.
    """

    def __init__(self, socket: WebSocketClientConnection):
        self.socket, self.document = socket, {}
        # Contents of the last messages since it was pulled.
        self._told: deque[dict] = deque(maxlen=100)
        self._numbers = itertools.count()

    @classmethod
    async def open(cls, address: str, token: str, compress: bool = False, **headers: str) -> "Wire":
        """Open a websocket with a token; a refused handshake raises an HTTPClientError."""
        call = HTTPRequest(
            f"{address.replace('http', 'ws', 1)}/app/ws", headers=_headers(headers),
            connect_timeout=SECONDS, request_timeout=SECONDS,
        )  # fmt: skip
        socket = await websocket_connect(
            call,
            subprotocols=["bokeh", token],
            max_message_size=2**30,
            compression_options={"compression_level": 9} if compress else None,
        )
        _opened.append(socket)
        return cls(socket)

    async def receive(self, seconds: float = SECONDS) -> tuple[dict, dict]:
        """Return header and content of the next message.

        Raises
        ------
        Closed
            If the websocket was closed instead.
        """
        header = json.loads(await self._fragment(seconds))
        await self._fragment(seconds)
        content = json.loads(await self._fragment(seconds))
        for _ in range(2 * header.get("num_buffers", 0)):
            await self._fragment(seconds)
        return header, content

    async def send(self, kind: str, content: dict, buffers: Iterator[tuple[dict, bytes]] = ()) -> str:
        """Send a message and return its number, without waiting for an answer."""
        number, buffers = f"h{next(self._numbers)}", list(buffers)
        header = {"msgid": number, "msgtype": kind, **({"num_buffers": len(buffers)} if buffers else {})}
        await self.send_raw(json.dumps(header), "{}", json.dumps(content))
        for head, payload in buffers:
            await self.send_raw(json.dumps(head), payload)
        return number

    async def send_raw(self, *fragments: str | bytes) -> None:
        """Send fragments as they are."""
        for fragment in fragments:
            await self.socket.write_message(fragment, binary=isinstance(fragment, bytes))

    async def ask(self, kind: str, content: dict, buffers=(), seconds: float = SECONDS) -> tuple[dict, dict]:
        """Send a message and return header and content of the answer to it."""
        number = await self.send(kind, content, buffers)
        while True:
            header, content = await self.receive(seconds)
            if header.get("reqid") == number:
                return header, content
            self._told.append(content)

    async def pull(self) -> dict:
        """Return the whole document."""
        _, self.document = await self.ask("PULL-DOC-REQ", {})
        self._told.clear()
        return self.document

    async def patch(self, *events: dict, buffers=()) -> tuple[dict, dict]:
        """Send events and return the answer: its header has ``msgtype`` OK or ERROR."""
        return await self.ask("PATCH-DOC", {"events": list(events)}, buffers)

    async def change(self, model: str, name: str, value) -> tuple[dict, dict]:
        """Change an attribute of the model with an id."""
        return await self.patch(changed(model, name, value))

    async def event(self, name: str, values: dict) -> tuple[dict, dict]:
        """Send an event, as ``button_click`` or ``document_ready``."""
        return await self.patch(event(name, values))

    async def click(self, label: str) -> tuple[dict, dict]:
        """Click a button: one model is drawn, and the model of its component receives the clicks."""
        data = self.find(label)
        button = next(m["id"] for m in self.models() if m["attributes"].get("data", {}).get("id") == data)
        values = [["model", {"id": button}], ["node", "click"], ["data", {"type": "map"}]]
        return await self.event("dom_event", {"entries": values})

    def models(self) -> Iterator[dict]:
        """Yield every model in the document, at any depth."""
        stack: list = [self.document]
        while stack:
            part = stack.pop()
            if isinstance(part, dict):
                if part.get("type") == "object" and "id" in part and "attributes" in part:
                    yield part
                stack.extend(part.values())
            elif isinstance(part, list):
                stack.extend(part)

    def find(self, label: str) -> str:
        """Return the id of the model with a label."""
        return next(m["id"] for m in self.models() if m["attributes"].get("label") == label)

    def find_kind(self, kind: str) -> str:
        """Return the id of the first model whose type's name contains `kind`."""
        return next(m["id"] for m in self.models() if kind in m["name"])

    async def wait_for(self, text: str, seconds: float = SECONDS) -> None:
        """Wait until a text is in the document that was pulled last, or in a later change.

        Nothing is requested: pulling a document takes the server almost a second.
        """

        async def appear() -> None:
            contents = [self.document, *self._told]
            while not any(text in json.dumps(content, ensure_ascii=False) for content in contents):
                contents = [(await self.receive(seconds))[1]]

        try:
            await asyncio.wait_for(appear(), seconds)
        except TimeoutError:
            raise TimeoutError(f"no {text!r} within {seconds} s") from None

    async def closed(self, seconds: float = SECONDS) -> Closed:
        """Read until the server closes the websocket; return the code and the reason."""
        try:
            while True:
                await self._fragment(seconds)
        except Closed as closed:
            return closed

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    async def _fragment(self, seconds: float) -> str | bytes:
        fragment = await asyncio.wait_for(self.socket.read_message(), seconds)
        if fragment is None:
            raise Closed(self.socket.close_code, self.socket.close_reason)
        return fragment


def changed(model: str, name: str, value) -> dict:
    """Return the event that a model's attribute has changed."""
    return {"kind": "ModelChanged", "model": {"id": model}, "attr": name, "new": value}


def event(name: str, values: dict) -> dict:
    """Return an event of the page."""
    told = {"type": "event", "name": name, "values": {"type": "map", **values}}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": told}


def _headers(given: dict[str, str]) -> HTTPHeaders:
    return HTTPHeaders({name.replace("_", "-"): value for name, value in given.items()})

"""Somebody who looks at a page, without a browser: what the page's scripts send, and what they would get.

Speaks Bokeh's protocol: each message is a header, metadata and content, in JSON, and then buffers.
"""

import asyncio
import itertools
import json
import re
import time
from collections.abc import Iterator
from urllib.parse import quote
from urllib.request import Request

from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

MARK = re.compile(r"mark\d{4}mark")
PLACE = re.compile(r"Waiting for its turn: \d+ ahead")
_TOKEN = re.compile(r'"token":\s*"([^"]+)"')


class Visitor:
    """One page of a served dashboard.

    Attributes
    ----------
    marks : set of str
        Every mark in anything that the server has sent.
    n_places : int
        How often a place in the queue was told.
    answers : list of float
        Seconds that each change took until it was carried out, all changes of the page sent before.
    """

    def __init__(self, address: str):
        self.address = address
        self.marks: set[str] = set()
        self.n_places = self.n_bytes = 0
        self.answers: list[float] = []
        self._numbers, self._waiting = itertools.count(), {}

    async def open(self, path: str = "", **more: str) -> "Visitor":
        """Call the page on a file, the demo by default, as a browser does."""
        query = "&".join(f"{name}={quote(str(value))}" for name, value in {"file": path, **more}.items())
        page = await AsyncHTTPClient().fetch(f"{self.address}/app?{query}", request_timeout=300)
        token = _TOKEN.search(page.body.decode())[1]
        self._socket = await websocket_connect(
            _with_subprotocols(self.address, token), max_message_size=2**30, subprotocols=["bokeh", token]
        )
        await self._socket.read_message(), await self._socket.read_message(), await self._socket.read_message()
        self._reader = asyncio.create_task(self._read())
        await self.pull()
        await self._send_event("document_ready", {})
        return self

    async def pull(self) -> dict:
        """Return the whole page as it is now."""
        self.document = await self._ask("PULL-DOC-REQ", {})
        return self.document

    async def move(self, position: int) -> float:
        """Move the slider and return the seconds until the page has changed."""
        begun = time.monotonic()
        slider = self._find("label", "Frames kept")["id"]
        event = {"kind": "ModelChanged", "model": {"id": slider}, "attr": "value", "new": position}
        await self._ask("PATCH-DOC", {"events": [event]})
        self.answers.append(time.monotonic() - begun)
        return self.answers[-1]

    async def click(self, label: str) -> None:
        """Click a button."""
        data = self._find("label", label)["id"]
        button = next(m for m in _models(self.document) if m["attributes"].get("data", {}).get("id") == data)
        values = [["model", {"id": button["id"]}], ["node", "click"], ["data", {"type": "map"}]]
        await self._send_event("dom_event", {"entries": values})

    async def close(self) -> None:
        """Leave the page."""
        self._socket.close()
        await asyncio.wait([self._reader], timeout=10)

    def _find(self, name: str, value: str) -> dict:
        found = [m for m in _models(self.document) if m["attributes"].get(name) == value]
        return found[0]

    async def _send_event(self, name: str, values: dict) -> None:
        told = {"type": "event", "name": name, "values": {"type": "map", **values}}
        event = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": told}
        await self._ask("PATCH-DOC", {"events": [event]})

    async def _ask(self, kind: str, content: dict) -> dict:
        number = f"v{next(self._numbers)}"
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        for part in ({"msgid": number, "msgtype": kind}, {}, content):
            await self._socket.write_message(json.dumps(part))
        return await asyncio.wait_for(answer, 300)

    async def _read(self) -> None:
        while (first := await self._socket.read_message()) is not None:
            header = json.loads(first)
            await self._socket.read_message()
            content = await self._socket.read_message()
            parts = [content]
            for _ in range(2 * header.get("num_buffers", 0)):
                parts.append(await self._socket.read_message())
            self._look_at(parts)
            answer = self._waiting.pop(header.get("reqid"), None)
            if answer is None or answer.done():
                continue
            if header["msgtype"] == "ERROR":
                answer.set_exception(RuntimeError(content[:500]))
            else:
                answer.set_result(json.loads(content))
        for answer in self._waiting.values():
            answer.cancel()

    def _look_at(self, parts: list[str | bytes | None]) -> None:
        for part in parts:
            text = part.decode("latin1") if isinstance(part, bytes) else part or ""
            self.n_bytes += len(text)
            self.marks.update(MARK.findall(text))
            self.n_places += len(PLACE.findall(text))


def _with_subprotocols(address: str, token: str) -> str:
    return address.replace("http", "ws", 1) + "/app/ws"


def _models(document: dict) -> Iterator[dict]:
    """Yield every model in a page, at any depth."""
    stack: list = [document]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if part.get("type") == "object" and "id" in part and "attributes" in part:
                yield part
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)

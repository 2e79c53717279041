"""A user without a browser: send what the scripts of a page send, and receive what they would receive.

Speaks Bokeh's protocol: each message is a header, metadata and content, in JSON, and then buffers.
"""

import asyncio
import base64
import gzip
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

MARK = re.compile(r"mark\d{4}mark")
PLACE = re.compile(r"Waiting for its turn: \d+ ahead")
# Seconds; a crowd that comes at once is let in one after the other.
PATIENCE = 600
TOKEN = re.compile(r'"token":\s*"([^"]+)"')


class Visitor:
    """One page of a served dashboard.

    Attributes
    ----------
    marks : set of str
        Every mark in anything that the server has sent.
    n_places : int
        Number of reported queue positions.
    """

    def __init__(self, address: str):
        self.address = address
        self.marks: set[str] = set()
        self.n_places = self.n_bytes = 0
        self._numbers, self._waiting = itertools.count(), {}
        # Each gets the contents of all messages, and None when the page is closed.
        self._listeners: set[asyncio.Queue[str | None]] = set()

    async def open(self, path: str = "", **more: str) -> "Visitor":
        """Request the page with a file, the demo by default, as a browser does."""
        query = "&".join(f"{name}={quote(str(value))}" for name, value in {"file": path, **more}.items())
        page = await AsyncHTTPClient().fetch(
            f"{self.address}/app?{query}", request_timeout=PATIENCE, connect_timeout=PATIENCE
        )
        cookies = "; ".join(line.partition(";")[0] for line in page.headers.get_list("Set-Cookie"))
        return await self.connect(TOKEN.search(page.body.decode())[1], Cookie=cookies)

    async def connect(self, token: str, **headers: str) -> "Visitor":
        """Connect to a page by its token."""
        call = HTTPRequest(
            f"{self.address.replace('http', 'ws', 1)}/app/ws", headers=headers,
            connect_timeout=PATIENCE, request_timeout=PATIENCE,
        )  # fmt: skip
        self._socket = await websocket_connect(call, subprotocols=["bokeh", token], max_message_size=2**30)
        # The greeting.
        for _ in range(3):
            await self._socket.read_message()
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
        await self.change("Frames kept", "value", position)
        return time.monotonic() - begun

    async def change(self, label: str, name: str, value) -> None:
        """Change the value of a widget, and wait until the page has followed."""
        event = {"kind": "ModelChanged", "model": {"id": self._find(label)["id"]}, "attr": name, "new": value}
        await self._ask("PATCH-DOC", {"events": [event]})

    async def click(self, label: str) -> None:
        """Click a button."""
        data = self._find(label)["id"]
        button = next(m for m in _models(self.document) if m["attributes"].get("data", {}).get("id") == data)
        values = [["model", {"id": button["id"]}], ["node", "click"], ["data", {"type": "map"}]]
        await self._send_event("dom_event", {"entries": values})

    async def upload(self, name: str, content: bytes) -> None:
        """Drop a file on the first drop area."""
        field = next(m for m in _models(self.document) if "FileDropper" in m["name"])
        data = {
            "name": name, "chunk": 1, "total_chunks": 1, "type": "",
            "data": {"type": "bytes", "data": base64.b64encode(gzip.compress(content)).decode()},
        }  # fmt: skip
        told = {"type": "map", "entries": [*data.items()]}
        await self._send_event("upload_event", {"entries": [["model", {"id": field["id"]}], ["data", told]]})

    async def wait_for(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait until a text is on the page or in a later change; then pull the page.

        At most two pulls: each takes the server almost a second.
        """
        try:
            await asyncio.wait_for(self.told(lambda content: text in content), seconds)
        except TimeoutError:
            raise TimeoutError(f"no {text!r} within {seconds} s") from None
        await self.pull()

    async def told(self, holds: Callable[[str], bool]) -> None:
        """Pull the page, and wait until it or a later message meets the condition."""
        contents: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(contents)
        try:
            await self.pull()
            while (content := await contents.get()) is None or not holds(content):
                if content is None:
                    raise ConnectionError("the page was closed")
        finally:
            self._listeners.remove(contents)

    async def close(self) -> None:
        """Leave the page."""
        self._socket.close()
        await asyncio.wait([self._reader], timeout=10)

    def _find(self, label: str) -> dict:
        return next(m for m in _models(self.document) if m["attributes"].get("label") == label)

    async def _send_event(self, name: str, values: dict) -> None:
        told = {"type": "event", "name": name, "values": {"type": "map", **values}}
        event = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": told}
        await self._ask("PATCH-DOC", {"events": [event]})

    async def _ask(self, kind: str, content: dict) -> dict:
        number = f"v{next(self._numbers)}"
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        parts = ({"msgid": number, "msgtype": kind}, {}, content)
        # All at once: the parts of what else is asked meanwhile come after.
        await asyncio.gather(*[self._socket.write_message(json.dumps(part)) for part in parts])
        return await asyncio.wait_for(answer, PATIENCE)

    async def _read(self) -> None:
        while (first := await self._socket.read_message()) is not None:
            header = json.loads(first)
            await self._socket.read_message()
            content = await self._socket.read_message()
            parts = [content]
            n_buffers = header.get("num_buffers", 0)
            parts += [await self._socket.read_message() for _ in range(2 * n_buffers)]
            self._look_at(parts)
            for listener in self._listeners:
                listener.put_nowait(json.dumps(json.loads(content), ensure_ascii=False))
            answer = self._waiting.pop(header.get("reqid"), None)
            if answer is None or answer.done():
                continue
            if header["msgtype"] == "ERROR":
                answer.set_exception(RuntimeError(content[:500]))
            else:
                answer.set_result(json.loads(content))
        for listener in self._listeners:
            listener.put_nowait(None)
        for answer in self._waiting.values():
            answer.cancel()

    def _look_at(self, parts: list[str | bytes | None]) -> None:
        for part in parts:
            text = part.decode("latin1") if isinstance(part, bytes) else part or ""
            self.n_bytes += len(text)
            self.marks.update(MARK.findall(text))
            self.n_places += len(PLACE.findall(text))


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

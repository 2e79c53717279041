"""Limit the size of websocket messages, received and unsent, and the time that they take."""

import gzip
import logging
import reprlib
import time
import traceback
import types
import zlib
from collections.abc import Coroutine, Generator
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from bokeh.core import serialization
from bokeh.core.types import ID
from bokeh.protocol import Protocol
from bokeh.protocol.exceptions import MessageError
from bokeh.protocol.receiver import Receiver
from tornado.concurrent import Future
from tornado.locks import Event
from tornado.websocket import WebSocketClosedError

from .loop_scheduler import loop_scheduler
from .telemetry import log_event

if TYPE_CHECKING:
    from bokeh.server.views.ws import WSHandler as _Handler
else:
    # A mixin: the handler class comes after it.
    _Handler = object

# Bytes: of a decompressed fragment; of a text fragment, which takes 20 times as much as objects; of a message
# with its buffers; of all gzip data unpacked within one message. A chunk of an upload has 10 MB.
MAX_FRAGMENT = 20 * 2**20
MAX_TEXT = 8 * 2**20
MAX_MESSAGE = 32 * 2**20
MAX_UNPACKED = 64 * 2**20
# Unsent bytes above which messages from the same session wait, and above which its websocket is closed.
PAUSE_UNSENT = 4 * 2**20
MAX_UNSENT = 32 * 2**20
# A session that has used more of the event loop than SHARE of the time and BURST seconds waits for others.
SHARE, BURST = 0.5, 0.5
SHORT = 200
_representation = reprlib.Repr()
_representation.maxstring = _representation.maxother = SHORT

_unpacked: ContextVar[list[int] | None] = ContextVar("unpacked", default=None)
_REASONS = {10000: (1011, "the server could not handle a message"), 10001: (1002, "not a message of Bokeh's")}


class LimitedSocket(_Handler):
    """Limit both directions of a Bokeh websocket; a mixin before the handler class."""

    def open(self, *args, **kwargs):
        """Start counting unsent bytes and time."""
        self.unsent, self._is_drained, self._usage, self._is_closed = 0, Event(), LoopUsage(), False
        self._is_drained.set()
        if (connection := self.ws_connection) is not None:
            # Tornado has no hook for what a connection has not sent.
            write = partial(self._write, connection.write_message)
            connection.write_message = write  # type: ignore[method-assign]
        return super().open(*args, **kwargs)

    async def on_message(self, fragment):
        """Handle a fragment once the client has read most of the unsent bytes, and others had their turn."""
        if self.unsent > PAUSE_UNSENT:
            await self._is_drained.wait()
        if self._usage.is_excessive():
            await loop_scheduler().wait_until_idle()
        if self._is_closed:
            return
        # Bokeh sets the receiver once the session exists.
        if type(getattr(self, "receiver", None)) is Receiver:
            # Bokeh declares it as None.
            self.receiver = _LimitedReceiver(Protocol())  # type: ignore[assignment]
        _unpacked.set([0])
        await self._usage.measure(super().on_message(fragment))

    async def send_message(self, message):
        """Send a message, without the details of an error."""
        if message.msgtype == "ERROR":
            message.content = {"text": "the server could not handle this message", "traceback": None}
        await super().send_message(message)

    def close(self, code=None, reason=None):
        """Close with a reason that reveals nothing about the server."""
        super().close(*_REASONS.get(code, (code, reason)))

    def on_close(self):
        """Release waiting messages, and what has arrived of an incomplete one."""
        if hasattr(self, "_is_drained"):
            self._is_drained.set()
        # The garbage collector frees a closed websocket much later: see `garbage`.
        self._is_closed, self.receiver = True, None
        super().on_close()

    def _write(self, write, message, binary=False):
        if self.unsent > MAX_UNSENT:
            if self.close_code is None and self.ws_connection is not None:
                log_event("websocket closed", reason="too many unsent bytes", bytes=self.unsent)
                self.close(1008, "too many unsent bytes")
            failed: Future[None] = Future()
            failed.set_exception(WebSocketClosedError())
            return failed
        size = len(message)
        future = write(message, binary=binary)
        self.unsent += size
        self._is_drained.clear()
        future.add_done_callback(partial(self._written, size))
        return future

    def _written(self, size: int, _) -> None:
        self.unsent -= size
        if self.unsent <= PAUSE_UNSENT:
            self._is_drained.set()


class LoopUsage:
    """Time that one session uses of the event loop: each second pays for `SHARE` seconds of use.

    Examples
    --------
    >>> usage = LoopUsage()
    >>> usage.add(0.4)
    >>> usage.is_excessive()
    False
    >>> usage.add(0.4)
    >>> usage.is_excessive()
    True
    """

    def __init__(self):
        self._used, self._since = 0.0, time.monotonic()

    def add(self, seconds: float) -> None:
        """Add some time."""
        self._pay()
        self._used += seconds

    def is_excessive(self) -> bool:
        """Return whether the session has used more than `BURST` seconds beyond its share."""
        self._pay()
        return self._used > BURST

    def _pay(self) -> None:
        now = time.monotonic()
        self._used, self._since = max(0.0, self._used - SHARE * (now - self._since)), now

    @types.coroutine
    def measure(self, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Await a coroutine, and add the time of its steps, without that between them."""
        step, value = coroutine.send, None
        while True:
            begun = time.monotonic()
            try:
                waited = step(value)
            except StopIteration as stop:
                return stop.value
            finally:
                self.add(time.monotonic() - begun)
            try:
                step, value = coroutine.send, (yield waited)
            except BaseException as error:
                # Such as a cancellation.
                step, value = coroutine.throw, error


class _LimitedReceiver(Receiver):
    """Assemble messages up to `MAX_MESSAGE` bytes."""

    def __init__(self, protocol):
        super().__init__(protocol)
        self._n_bytes = 0

    async def consume(self, fragment):
        self._n_bytes += len(fragment)
        if self._n_bytes > MAX_MESSAGE or (isinstance(fragment, str) and len(fragment) > MAX_TEXT):
            raise MessageError("message too long")
        message = await super().consume(fragment)
        if message is not None:
            self._n_bytes = 0
        return message


def unpack(data: bytes) -> bytes:
    """Decompress gzip data like ``gzip.decompress``, up to `MAX_UNPACKED` bytes per message.

    Raises
    ------
    ValueError
        If the decompressed data exceed the limit.
    """
    used = _unpacked.get() or [0]
    parts: list[bytes] = []
    while data:
        unpacker = zlib.decompressobj(wbits=31)
        parts.append(unpacker.decompress(data, MAX_UNPACKED - used[0] + 1))
        used[0] += len(parts[-1])
        if used[0] > MAX_UNPACKED:
            raise ValueError(f"a message unpacks to more than {MAX_UNPACKED} bytes")
        if not unpacker.eof:
            raise EOFError("compressed data end before the end-of-stream marker")
        data = unpacker.unused_data.lstrip(b"\0")
    return b"".join(parts)


def install() -> None:
    """Make Bokeh decompress with `unpack` and log only the beginning of failed messages.

    Raises
    ------
    RuntimeError
        If this version of Bokeh does not use `unpack`.
    """
    # Bokeh has no hook for unpacking; only its own name `gzip` is replaced, not the module.
    serialization.gzip = types.SimpleNamespace(  # type: ignore[assignment]
        compress=gzip.compress, decompress=unpack
    )
    copy_context().run(_check_unpacking)
    for name in ("bokeh.server.views.ws", "bokeh.server.protocol_handler"):
        logger = logging.getLogger(name)
        if not any(isinstance(one, _Short) for one in logger.filters):
            logger.addFilter(_Short())


def _check_unpacking() -> None:
    # Pretend that the limit is reached.
    _unpacked.set([MAX_UNPACKED])
    packed = serialization.Buffer(ID(""), bytes(1)).to_base64()
    try:
        serialization.Deserializer().decode({"type": "bytes", "data": packed})
    except ValueError:
        return
    raise RuntimeError("this version of Bokeh decompresses messages without a limit")


class _Short(logging.Filter):
    """Shorten logged messages, and errors that quote them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(v if isinstance(v, int | float) else _Shortened(v) for v in record.args)
        if record.exc_info and record.exc_info[1] is not None:
            kind, error, trace = record.exc_info
            record.exc_text = "Traceback (most recent call last):\n" + "".join(traceback.format_tb(trace))
            record.exc_text += f"{kind.__name__}: {str(error)[:SHORT]}"
        return True


class _Shortened:
    """A value with a short str and repr."""

    def __init__(self, value):
        self._value = value

    def __repr__(self) -> str:
        value = getattr(self._value, "content", self._value)
        return (
            repr(value[:SHORT])[:SHORT]
            if isinstance(value, str | bytes)
            else _representation.repr(value)[:SHORT]
        )

    def __str__(self) -> str:
        return str(self._value)[:SHORT]

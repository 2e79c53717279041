"""Limits of messages that are unpacked or logged, and of the time that a session takes from others."""

import asyncio
import logging
import time
import weakref
from types import SimpleNamespace

import pytest
from bokeh.core import serialization

from quests_app.server import loop_scheduler, websocket_limits
from quests_app.server.websocket_limits import LimitedSocket, LoopUsage
from tests import asynchronous


@pytest.fixture(scope="module", autouse=True)
def limits():
    """Install the limits, as every way of serving does."""
    websocket_limits.install()


def work(seconds=2 * loop_scheduler.SHORT):
    """Keep the event loop busy."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


class Bokeh:
    """Stands in for Bokeh's websocket."""

    ws_connection = receiver = None

    def __init__(self):
        self.seen = []

    def open(self):
        """Nothing to open."""

    def on_close(self):
        """Nothing to close."""

    async def on_message(self, fragment):
        """Take some time."""
        work()
        self.seen.append(fragment)


class Socket(LimitedSocket, Bokeh):
    """A websocket with limits."""


@pytest.fixture
def socket():
    socket = Socket()
    socket.open()
    return socket


@pytest.mark.parametrize(("burst", "expected"), [(0.0, "xrxx"), (60.0, "xxxr")])
def test_a_session_that_uses_too_much_time_waits_for_requests_of_others(monkeypatch, socket, burst, expected):
    monkeypatch.setattr(websocket_limits, "BURST", burst)

    async def request():
        for _ in range(3):
            work()
            await asyncio.sleep(0)
        socket.seen.append("r")

    async def scenario():
        await socket.on_message("x")
        other = asyncio.create_task(request())
        for _ in range(2):
            await socket.on_message("x")
        await other

    asynchronous.run(scenario())
    assert "".join(socket.seen) == expected


def test_time_is_paid_back_and_pauses_are_free(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(websocket_limits, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    async def wait_and_work():
        clock[0] += 0.3
        # What others do meanwhile is not this session's.
        waiting = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(waiting.set_result, 3)
        found = await waiting
        clock[0] += 0.3
        return found

    async def measured():
        return await usage.measure(wait_and_work())

    usage = LoopUsage()
    assert asynchronous.run(measured()) == 3
    # 0.3 s are paid half by the 0.3 s that follow.
    assert not usage.is_excessive()
    usage.add(0.2)
    assert usage.is_excessive()
    clock[0] += 0.4
    assert not usage.is_excessive()


def test_errors_and_cancellations_pass_a_measurement():
    async def fails():
        raise ValueError("x")

    async def waits():
        await asyncio.get_running_loop().create_future()

    async def scenario():
        with pytest.raises(ValueError, match="x"):
            await LoopUsage().measure(fails())
        task = asyncio.ensure_future(asyncio.wait_for(LoopUsage().measure(waits()), 60))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asynchronous.run(scenario())


def test_a_closed_websocket_holds_no_incomplete_message(socket):
    class Receiver:
        """Stands in for what has been received."""

    receiver = socket.receiver = Receiver()
    held = weakref.ref(receiver)
    del receiver
    socket.on_close()
    assert held() is None, "it would wait for the garbage collector"
    asynchronous.run(socket.on_message("late"))
    assert socket.seen == []


def test_unpacking_respects_its_limit():
    content = bytes(range(256)) * 100
    packed = serialization.Buffer("", content).to_base64()
    assert serialization.Deserializer().decode({"type": "bytes", "data": packed}) == content
    large = serialization.Buffer("", bytes(websocket_limits.MAX_UNPACKED + 1)).to_base64()
    with pytest.raises(ValueError, match="unpacks to more"):
        serialization.Deserializer().decode({"type": "bytes", "data": large})


def test_nothing_is_served_if_bokeh_unpacks_differently(monkeypatch):
    monkeypatch.setattr(serialization.Deserializer, "_decode_bytes", lambda self, rep: b"")
    with pytest.raises(RuntimeError, match="without a limit"):
        websocket_limits.install()


def test_logged_messages_are_short(caplog):
    logger = logging.getLogger("bokeh.server.views.ws")
    with caplog.at_level("ERROR"):
        try:
            raise ValueError("y" * 10_000)
        except ValueError as error:
            logger.error("failed: %r: %r %d", error, b"z" * 10_000, 7, exc_info=True)
    assert "z" * 100 in caplog.text
    assert "y" * 100 in caplog.text
    assert len(caplog.text) < 3000

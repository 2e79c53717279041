"""Malicious websocket clients: bombs, floods, failing messages, and clients that read nothing."""

import asyncio
import contextlib
import gzip
import json

import pytest
from tornado.websocket import WebSocketClosedError

from tests.hostile.attacks import MB, joined, packed
from tests.hostile.client import Closed, changed, event, run
from tests.load.server import ROOT

pytestmark = [pytest.mark.jit, pytest.mark.slow]


def dropped(wire, data: dict, name: str = "x.xyz", chunk: int = 1, total: int = 1) -> dict:
    told = {"name": name, "chunk": chunk, "total_chunks": total, "type": "", "data": data}
    entries = {"type": "map", "entries": [*told.items()]}
    return event(
        "upload_event", {"entries": [["model", {"id": wire.find_kind("FileDropper")}], ["data", entries]]}
    )


async def failed(sending) -> None:
    """Wait until the server has refused the message or closed the websocket."""
    try:
        header, content = await sending
        assert header["msgtype"] == "ERROR"
        assert content == {"text": "the server could not handle this message", "traceback": None}
    except (Closed, WebSocketClosedError):
        pass


@pytest.mark.parametrize("n_fields", [1, 40])
def test_what_a_message_unpacks_to_is_bounded(server, n_fields):
    async def scenario():
        wire = await joined(server)
        before = server.peak_bytes
        bombs = [packed(400 * MB // n_fields)] * n_fields
        await failed(wire.patch(changed(wire.find("Frames kept"), "tags", bombs)))
        await failed(wire.patch(dropped(wire, packed(400 * MB))))
        return server.peak_bytes - before

    assert run(scenario()) < 250 * MB


def test_a_message_that_the_websocket_unpacks_is_bounded(server):
    async def scenario():
        wire = await joined(server)
        before = server.peak_bytes
        with contextlib.suppress(WebSocketClosedError):
            await wire.send_raw('{"msgid": "1", "msgtype": "PATCH-DOC"}', "{}", " " * (15 * MB))
        closed = await wire.closed()
        assert closed.code in (1002, 1009)
        return server.peak_bytes - before

    assert run(scenario()) < 200 * MB


def test_a_message_of_endless_buffers_is_bounded(server):
    async def scenario():
        wire = await joined(server)
        before = server.peak_bytes
        with contextlib.suppress(WebSocketClosedError):
            await wire.send_raw(
                json.dumps({"msgid": "1", "msgtype": "PATCH-DOC", "num_buffers": 10**6}), "{}"
            )
            await wire.send_raw('{"events": []}')
            for i in range(60):
                await wire.send_raw(json.dumps({"id": f"b{i}"}), bytes(10 * MB))
        closed = await wire.closed()
        assert closed.code is None or closed.code != 1000
        return server.peak_bytes - before

    assert run(scenario()) < 400 * MB


def test_an_upload_in_pieces_still_arrives(server):
    async def scenario():
        wire = await joined(server)
        content = gzip.decompress((ROOT / "app/assets/demo.xyz.gz").read_bytes())
        content = content[: len(content)] * (1 + 25 * MB // len(content))
        step = 10_000_000
        pieces = [content[at : at + step] for at in range(0, len(content), step)]
        assert len(pieces) > 2
        for number, piece in enumerate(pieces, 1):
            told = dropped(wire, {"type": "bytes", "data": {"id": "b"}}, "large.xyz", number, len(pieces))
            header, _ = await wire.patch(told, buffers=[({"id": "b"}, piece)])
            assert header["msgtype"] == "OK"
        await wire.wait_for("large.xyz")
        # Nobody waits for what so many environments take.
        await wire.click("Cancel")
        wire.close()

    run(scenario())


def test_who_reads_nothing_makes_no_queue(server):
    async def scenario():
        wire = await joined(server)
        await wire.event("document_ready", {})
        slider, before, most = wire.find("Frames kept"), server.resident_bytes, 0
        # Nothing is read from here on: what was sent fills the buffers of both ends, and then the server.
        with contextlib.suppress(WebSocketClosedError, TimeoutError):
            for number in range(2000):
                asking = wire.send("PULL-DOC-REQ", {})
                await asyncio.wait_for(asking, 2)
                moving = wire.send("PATCH-DOC", {"events": [changed(slider, "value", number % 9)]})
                await asyncio.wait_for(moving, 2)
                most = max(most, server.resident_bytes - before)
        wire.close()
        return most

    assert run(scenario()) < 250 * MB


def test_messages_that_fail_are_logged_by_their_beginning_and_tell_nothing(server):
    async def scenario():
        wire = await joined(server)
        size, answers = server.log.stat().st_size, []
        mark = "z" * 50_000
        for told in (
            changed("p1-" + mark, "value", 1),
            changed(wire.find("Frames kept"), "no_such_" + mark, 1),
            changed(wire.find("Frames kept"), "value", {"type": "object", "name": mark, "id": "q"}),
            {"kind": mark},
        ):
            header, content = await wire.patch(told)
            if header["msgtype"] == "ERROR":
                answers.append(content)
        assert len(answers) >= 2
        for content in answers:
            assert content == {"text": "the server could not handle this message", "traceback": None}
        other = await joined(server)
        with contextlib.suppress(WebSocketClosedError):
            await other.send_raw("[" + mark, "{}", "{}")
        closed = await other.closed()
        assert "/" not in (closed.reason or "")
        return server.log.read_text()[size:]

    written = run(scenario())
    assert "z" * 30 in written, "its beginning is logged"
    assert "z" * 1000 not in written

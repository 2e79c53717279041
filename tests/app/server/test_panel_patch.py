"""A message queued while another is being written is sent."""

import asyncio
from types import SimpleNamespace

import pytest
from panel.io import document as panel_document

from quests_app.server.panel_patch import patch_message_queue
from tests import asynchronous


class Socket:
    """A socket that records what is written."""


class Page:
    """The document of the messages."""


class Connection:
    """A connection whose messages are numbered in order of creation."""

    def __init__(self):
        self._socket, self.written, self.tasks = Socket(), [], []
        # Panel 1.9 creates a message when it is queued, Panel 1.10 when it is written.
        self.protocol = SimpleNamespace(create=lambda kind, events: events[0])


@pytest.fixture
def connection(monkeypatch):
    page, connection = Page(), Connection()

    def queue(message):
        panel_document.schedule_write_events(page, [connection], [message])
        return asyncio.ensure_future(panel_document._dispatch_msgs(page))

    async def until_written(message):
        # The last is queued while the first is being written.
        if message == "first":
            connection.tasks.append(queue("last"))

    def write(connection, msg):
        connection.written.append(msg)
        return [until_written(msg)]

    async def run():
        await queue("first")
        await asyncio.gather(*connection.tasks)
        return connection.written

    connection.run = run
    monkeypatch.setitem(panel_document.extra_socket_handlers, Socket, write)
    # `queue` starts the task at the critical moment.
    monkeypatch.setattr(panel_document, "_dispatch_write_task", lambda *_: None)
    # Restored after the test, like the workaround.
    plain = panel_document._dispatch_msgs
    monkeypatch.setattr(panel_document, "_dispatch_msgs", getattr(plain, "__wrapped__", plain))
    return connection


def test_panel_leaves_the_last_message_unsent(connection):
    """When this test fails, `quests_app.server.panel_patch` can be removed."""
    assert asynchronous.run(connection.run()) == ["first"]


def test_the_last_message_is_sent(connection):
    patch_message_queue()
    patch_message_queue()
    assert asynchronous.run(connection.run()) == ["first", "last"]


@pytest.mark.parametrize("absent", ["_dispatch_msgs", "_WRITE_BLOCK", "_WRITE_MSGS _WRITE_EVENTS"])
def test_panel_without_these_private_names_is_unchanged(connection, monkeypatch, absent):
    plain = panel_document._dispatch_msgs
    for name in absent.split():
        monkeypatch.delattr(panel_document, name, raising=False)
    patch_message_queue()
    assert getattr(panel_document, "_dispatch_msgs", plain) is plain

"""What is told last while another message is on its way is told."""

import asyncio

import pytest
from panel.io import document as panel_document

from quests_app.unsent import send_what_is_left


class Socket:
    """A connection's end that keeps what is written."""


class Connection:
    def __init__(self):
        self._socket, self.written, self.tasks = Socket(), [], []


class Page:
    """What messages are for."""


@pytest.fixture
def connection(monkeypatch):
    page, connection = Page(), Connection()

    def tell(message):
        # What `schedule_write_events` does.
        panel_document._WRITE_BLOCK[page] = True
        panel_document._WRITE_MSGS.setdefault(page, {}).setdefault(connection, []).append(message)
        return asyncio.ensure_future(panel_document._dispatch_msgs(page))

    async def until_written(message):
        # The last comes while the first is on its way.
        if message == "first":
            connection.tasks.append(tell("last"))

    def write(connection, msg):
        connection.written.append(msg)
        return [until_written(msg)]

    async def run():
        await tell("first")
        await asyncio.gather(*connection.tasks)
        return connection.written

    connection.run = run
    monkeypatch.setitem(panel_document.extra_socket_handlers, Socket, write)
    # Undone after the test, as is the mend.
    plain = panel_document._dispatch_msgs
    monkeypatch.setattr(panel_document, "_dispatch_msgs", getattr(plain, "__wrapped__", plain))
    return connection


def test_panel_leaves_the_last_message_behind(connection):
    """Once it does not, `quests_app.unsent` can go."""
    assert asyncio.run(connection.run()) == ["first"]


def test_the_last_message_is_sent(connection):
    send_what_is_left()
    send_what_is_left()
    assert asyncio.run(connection.run()) == ["first", "last"]

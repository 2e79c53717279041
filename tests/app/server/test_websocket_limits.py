"""Limits of messages that are unpacked or logged."""

import logging

import pytest
from bokeh.core import serialization

from quests_app.server import websocket_limits


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

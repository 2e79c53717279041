"""Log entries and counters."""

import json
import logging

import pytest

from quests_app import endpoints
from quests_app.server.telemetry import JsonLines, counters
from tests.core.ugly_texts import TEXTS


def test_sessions_are_counted_once(session):
    assert endpoints.health()["sessions"] == counters().sessions >= 1
    before = counters().sessions
    session.controller.close()
    session.controller.close()
    assert counters().sessions == before - 1
    assert session.controller in counters().in_memory


def test_a_log_entry_is_always_one_line():
    record = logging.LogRecord("x", logging.INFO, "", 0, "job", None, None)
    record.fields = {"title": "Opening a\nb\x1b[31m‮"}
    line = JsonLines().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["title"] == record.fields["title"]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_logged_in_one_line(text):
    record = logging.LogRecord("quests_app", logging.INFO, "", 0, "opened %s", (text,), None)
    record.fields = {"name": text}
    line = JsonLines().format(record)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    entry = json.loads(line)
    assert (entry["event"], entry["name"]) == (f"opened {text}", text)

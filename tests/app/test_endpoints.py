"""Health, metrics and the log for the operator, without user data."""

import json
import logging
import re

import pytest

from quests_app import endpoints
from quests_app.server.telemetry import JsonLines, counters


@pytest.fixture
def lines():
    """Return the lines of the log as they would be written."""
    found = []

    class Kept(logging.Handler):
        def emit(self, record):
            found.append(json.loads(JsonLines().format(record)))

    logger = logging.getLogger("quests_app")
    handler, level = Kept(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(level)


def values():
    return dict(re.findall(r"^([^#\s]\S*) (\S+)$", endpoints.metrics(), re.MULTILINE))


def test_jobs_are_logged_with_outcome_and_seconds_and_counted(session, file, lines):
    before = float(values()['quests_jobs_total{outcome="done"}'])
    session.open(file)
    jobs = [line for line in lines if line["event"] == "job"]
    assert {"session", "title", "outcome", "seconds", "time", "level"} <= jobs[0].keys()
    assert jobs[0]["title"] == f"Opening {file.name}"
    assert jobs[0]["seconds"] >= 0
    assert float(values()['quests_jobs_total{outcome="done"}']) - before == len(jobs)
    failed = float(values()['quests_jobs_total{outcome="failed"}'])
    session.open(file.with_name("gone.xyz"))
    assert float(values()['quests_jobs_total{outcome="failed"}']) == failed + 1


def test_sessions_are_counted_once(session):
    assert endpoints.health()["sessions"] == counters().sessions >= 1
    before = counters().sessions
    session.controller.close()
    session.controller.close()
    assert counters().sessions == before - 1
    assert session.controller in counters().in_memory


def test_metrics_are_in_the_format_of_prometheus():
    for line in endpoints.metrics().splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="\w+"\})? -?[0-9.e+]+', line)


def test_neither_health_nor_metrics_reveal_files(session, file):
    session.open(file)
    told = json.dumps(endpoints.health()) + endpoints.metrics()
    assert file.name not in told
    assert "copper" not in told


def test_a_log_entry_is_always_one_line():
    record = logging.LogRecord("x", logging.INFO, "", 0, "job", None, None)
    record.fields = {"title": "Opening a\nb\x1b[31m‮"}
    line = JsonLines().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["title"] == record.fields["title"]

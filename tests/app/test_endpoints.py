"""Health, metrics and the log for the operator, without user data."""

import json
import logging
import re
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from quests_app import endpoints
from quests_app.jobs import queue
from quests_app.server.telemetry import JsonLines
from quests_core.utils import memory
from tests import asynchronous
from tests.app.conftest import WAIT_SECONDS


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


async def responses_of(application, paths):
    """Return what a server of `application` answers at each path, without following redirections."""
    socket, port = bind_unused_port()
    server, client = HTTPServer(application), AsyncHTTPClient(force_instance=True)
    server.add_socket(socket)
    try:
        return [
            await client.fetch(f"http://127.0.0.1:{port}{path}", follow_redirects=False, raise_error=False)
            for path in paths
        ]
    finally:
        client.close()
        server.stop()
        await server.close_all_connections()


def test_app_leads_to_the_dashboard_of_an_installed_wheel():
    # Its folder is `quests_app` there, and so is the address that Bokeh gives it.
    application = Application(endpoints.routes("quests_app"))
    paths = ("/app", "/app?file=a.xyz&tab=map", "/health")
    bare, linked, health = asynchronous.run(responses_of(application, paths))
    assert (bare.code, bare.headers["Location"]) == (302, "quests_app")
    assert (linked.code, linked.headers["Location"]) == (302, "quests_app?file=a.xyz&tab=map")
    assert health.code == 200


def test_the_folder_of_the_source_needs_no_redirection():
    assert [url for url, *_ in endpoints.routes("app")] == ["/health", "/metrics"]


def test_jobs_are_logged_with_outcome_and_seconds_and_counted(session, file, lines):
    before = float(values()['quests_jobs_total{outcome="done"}'])
    session.open(file)
    jobs = [line for line in lines if line["event"] == "job"]
    assert {"session", "title", "outcome", "seconds", "time", "level"} <= jobs[0].keys()
    assert jobs[0]["title"] == f"Opening {file.name}"
    assert jobs[0]["seconds"] >= 0
    # One that waited in vain, as its results were in the cache, is logged as cancelled.
    done = [job for job in jobs if job["outcome"] == "done"]
    assert float(values()['quests_jobs_total{outcome="done"}']) - before == len(done) > 0
    failed = float(values()['quests_jobs_total{outcome="failed"}'])
    session.open(file.with_name("gone.xyz"))
    assert float(values()['quests_jobs_total{outcome="failed"}']) == failed + 1


def test_metrics_are_in_the_format_of_prometheus():
    for line in endpoints.metrics().splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="\w+"\})? -?[0-9.e+]+', line)


def test_every_metric_is_read_by_prometheus_with_its_type():
    families = list(text_string_to_metric_families(endpoints.metrics()))
    kinds = {sample.name: family.type for family in families for sample in family.samples}
    assert kinds == {
        "quests_sessions": "gauge", "quests_sessions_in_memory": "gauge", "quests_sessions_total": "counter",
        "quests_job_seconds_total": "counter", "quests_memory_available_bytes": "gauge",
        "quests_memory_resident_bytes": "gauge", "quests_jobs_waiting": "gauge",
        "quests_jobs_running": "gauge", "quests_jobs_total": "counter",
    }  # fmt: skip
    assert all(family.documentation.endswith(".") for family in families)
    samples = [sample for family in families for sample in family.samples]
    outcomes = {s.labels["outcome"] for s in samples if s.name == "quests_jobs_total"}
    assert outcomes == {"done", "cancelled", "failed"}
    (resident,) = (s.value for s in samples if s.name == "quests_memory_resident_bytes")
    assert resident == pytest.approx(memory.resident(), rel=0.05)


def test_neither_health_nor_metrics_reveal_files(session, file):
    session.open(file)
    content = json.dumps(endpoints.health()) + endpoints.metrics()
    assert file.name not in content
    assert "copper" not in content


def test_health_reports_a_stuck_worker(session, monkeypatch):
    begun, leave = threading.Event(), threading.Event()

    def work(progress):
        begun.set()
        leave.wait(WAIT_SECONDS)

    session.controller.run("Waiting", work, lambda _: None, lambda _: None)
    assert begun.wait(WAIT_SECONDS)
    try:
        assert endpoints.health()["status"] == "ok"
        monkeypatch.setattr(endpoints, "STUCK_SECONDS", 0.0)
        assert endpoints.health()["status"] == "stuck"
        assert endpoints.health()["job_silent_seconds"] >= 0
    finally:
        leave.set()
    session.run()
    monkeypatch.setattr(endpoints, "STUCK_SECONDS", 1e-9)
    assert queue.silent_seconds() == 0
    assert endpoints.health()["status"] == "ok"

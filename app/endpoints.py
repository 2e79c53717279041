"""Monitor a server: ``panel serve app --plugins quests_app.endpoints``.

Add ``/health`` and ``/metrics`` (Prometheus text format) and log JSON lines to stderr. Both endpoints
expose counts only, no user data. ``/app`` leads to the dashboard, also where its folder has another name.
"""

import importlib.metadata
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from tornado.web import RequestHandler

from quests_core.utils import memory

from .jobs import queue
from .server.telemetry import JsonLines, counters

logger = logging.getLogger("quests_app")
if not logger.handlers:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


# Computations check for cancellation several times a second; compiling the kernels never does.
STUCK_SECONDS = 600.0


def health() -> dict:
    """Return the content of ``/health``."""
    now, silent = counters(), queue.silent_seconds()
    return {
        "status": "ok" if silent < STUCK_SECONDS else "stuck",
        "version": importlib.metadata.version("quests-explorer"),
        "uptime_seconds": round(time.monotonic() - now.begun, 1),
        "sessions": now.sessions,
        "job_silent_seconds": round(silent, 1),
        "jobs_waiting": sum(executor.n_waiting for executor in queue.executors().values()),
    }


def metrics() -> str:
    """Return the content of ``/metrics``."""
    return generate_latest(_ServerMetrics()).decode()


class _ServerMetrics(Collector):
    """The metrics of the process, read when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        now, workers = counters(), queue.executors()
        yield GaugeMetricFamily("quests_sessions", "Open sessions.", now.sessions)
        yield GaugeMetricFamily(
            "quests_sessions_in_memory", "Sessions in memory, including recently closed ones.",
            len(now.in_memory),
        )  # fmt: skip
        yield CounterMetricFamily("quests_sessions_total", "Sessions opened.", now.sessions_total)
        yield CounterMetricFamily(
            "quests_job_seconds_total", "Total run time of jobs, seconds.", round(now.job_seconds, 3)
        )
        yield GaugeMetricFamily(
            "quests_memory_available_bytes", "Memory available to the process, bytes.",
            memory.available() or 0,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "quests_memory_resident_bytes", "Resident memory of the process, bytes.", memory.resident() or 0
        )
        waiting = GaugeMetricFamily("quests_jobs_waiting", "Jobs in the queue.", labels=["worker"])
        running = GaugeMetricFamily("quests_jobs_running", "Jobs being run.", labels=["worker"])
        for name, executor in workers.items():
            waiting.add_metric([name], executor.n_waiting)
            running.add_metric([name], executor.is_running)
        jobs = CounterMetricFamily("quests_jobs_total", "Finished jobs, by outcome.", labels=["outcome"])
        for outcome in ("done", "cancelled", "failed"):
            jobs.add_metric([outcome], now.jobs[outcome])
        yield from (waiting, running, jobs)


class _Health(RequestHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        found = health()
        # Supervisors check the status code, not the JSON.
        self.set_status(200 if found["status"] == "ok" else 503)
        self.write(json.dumps(found))


class _Metrics(RequestHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.write(metrics())


class _Dashboard(RequestHandler):
    """Redirect ``/app`` to the dashboard, of which Bokeh makes the address from the name of its folder."""

    def initialize(self, name: str) -> None:
        self._name = name

    def get(self) -> None:
        query = f"?{self.request.query}" if self.request.query else ""
        # Relative, so that it is right behind a proxy that adds a prefix.
        self.redirect(f"{self._name}{query}", permanent=False)


def routes(folder: str) -> list[tuple[str, type[RequestHandler], dict]]:
    """Return the handlers, given the name of the folder of the dashboard: ``quests_app`` if installed."""
    found: list[tuple[str, type[RequestHandler], dict]] = [
        (r"/health", _Health, {}),
        (r"/metrics", _Metrics, {}),
    ]
    return found if folder == "app" else [*found, (r"/app", _Dashboard, {"name": folder})]


ROUTES = routes(Path(__file__).parent.name)

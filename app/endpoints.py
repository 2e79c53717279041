"""Monitor a server: ``panel serve app --plugins quests_app.endpoints``.

Add ``/health`` and ``/metrics`` (Prometheus text format) and log JSON lines to stderr. Both endpoints
expose counts only, no user data.
"""

import importlib.metadata
import json
import logging
import time

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
    now, workers = counters(), queue.executors()
    lines = [
        *_metric("quests_sessions", "gauge", "Open sessions.", now.sessions),
        *_metric(
            "quests_sessions_in_memory",
            "gauge",
            "Sessions in memory, including recently closed ones.",
            len(now.in_memory),
        ),
        *_metric("quests_sessions_total", "counter", "Sessions opened.", now.sessions_total),
        *_metric(
            "quests_job_seconds_total",
            "counter",
            "Total run time of jobs, seconds.",
            round(now.job_seconds, 3),
        ),
        *_metric(
            "quests_memory_available_bytes",
            "gauge",
            "Memory available to the process, bytes.",
            memory.available() or 0,
        ),
        *_metric(
            "quests_memory_resident_bytes",
            "gauge",
            "Resident memory of the process, bytes.",
            memory.resident() or 0,
        ),
        *_labelled(
            "quests_jobs_waiting",
            "gauge",
            "Jobs in the queue.",
            "worker",
            {name: executor.n_waiting for name, executor in workers.items()},
        ),
        *_labelled(
            "quests_jobs_running",
            "gauge",
            "Jobs being run.",
            "worker",
            {name: int(executor.is_running) for name, executor in workers.items()},
        ),
        *_labelled(
            "quests_jobs_total",
            "counter",
            "Finished jobs, by outcome.",
            "outcome",
            {outcome: now.jobs[outcome] for outcome in ("done", "cancelled", "failed")},
        ),
    ]
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, text: str, value: float) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {value}"]


def _labelled(name: str, kind: str, text: str, label: str, values: dict[str, float]) -> list[str]:
    samples = (f'{name}{{{label}="{key}"}} {value}' for key, value in values.items())
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *samples]


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


ROUTES: list[tuple[str, type[RequestHandler], dict]] = [
    (r"/health", _Health, {}),
    (r"/metrics", _Metrics, {}),
]

"""For who runs a server: ``panel serve app --plugins quests_app.endpoints``.

Adds ``/health`` and ``/metrics`` (Prometheus' text format) and logs lines of JSON to stderr. Both addresses
tell counts and nothing of any user.
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


# Every computation looks several times a second at whether it is cancelled; compiling the kernels never does.
STUCK_SECONDS = 600.0


def health() -> dict:
    """Return what ``/health`` says."""
    now, silent = counters(), queue.silent_seconds()
    return {
        "status": "ok" if silent < STUCK_SECONDS else "stuck",
        "version": importlib.metadata.version("quests-explorer"),
        "uptime_seconds": round(time.monotonic() - now.begun, 1),
        "sessions": now.sessions,
        "job_silent_seconds": round(silent, 1),
        "jobs_waiting": sum(turns.n_waiting for turns in queue.executors().values()),
    }


def metrics() -> str:
    """Return what ``/metrics`` says."""
    now, workers = counters(), queue.executors()
    lines = [
        *_metric("quests_sessions", "gauge", "Open pages.", now.sessions),
        *_metric("quests_sessions_in_memory", "gauge", "And closed not long ago.", len(now.in_memory)),
        *_metric("quests_sessions_total", "counter", "Pages opened.", now.sessions_total),
        *_metric("quests_job_seconds_total", "counter", "Seconds of all jobs.", round(now.job_seconds, 3)),
        *_metric("quests_memory_available_bytes", "gauge", "What is left.", memory.available() or 0),
        *_metric("quests_memory_resident_bytes", "gauge", "What the process holds.", memory.resident() or 0),
        *_labelled(
            "quests_jobs_waiting",
            "gauge",
            "Jobs that wait for their turn.",
            "worker",
            {name: turns.n_waiting for name, turns in workers.items()},
        ),
        *_labelled(
            "quests_jobs_running",
            "gauge",
            "Jobs that are being done.",
            "worker",
            {name: int(turns.is_running) for name, turns in workers.items()},
        ),
        *_labelled(
            "quests_jobs_total",
            "counter",
            "Jobs that ended.",
            "outcome",
            {outcome: now.jobs[outcome] for outcome in ("done", "cancelled", "failed")},
        ),
    ]
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, what: str, value: float) -> list[str]:
    return [f"# HELP {name} {what}", f"# TYPE {name} {kind}", f"{name} {value}"]


def _labelled(name: str, kind: str, what: str, label: str, values: dict[str, float]) -> list[str]:
    samples = (f'{name}{{{label}="{key}"}} {value}' for key, value in values.items())
    return [f"# HELP {name} {what}", f"# TYPE {name} {kind}", *samples]


class _Health(RequestHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        found = health()
        # For what supervises the server, and reads no JSON.
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

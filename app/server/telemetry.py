"""What the server tells its operator: a line of JSON for each thing done, and counts."""

import hashlib
import json
import logging
import threading
import time
import weakref
from collections import Counter

import panel as pn

log = logging.getLogger("quests_app.server")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: when, how bad, what, and the fields given as ``extra={"fields": …}``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True, default=str)


class ServerCounters:
    """Numbers since the process began, for all sessions; from any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self.begun = time.monotonic()
        self.jobs: Counter[str] = Counter()
        self.job_seconds = 0.0
        self.sessions = self.sessions_total = 0
        self.in_memory: weakref.WeakSet[object] = weakref.WeakSet()

    def session(self, change: int) -> None:
        """Count a session that begins (1) or ends (-1)."""
        with self._lock:
            self.sessions += change
            self.sessions_total += max(0, change)

    def job(self, outcome: str, seconds: float) -> None:
        """Count a job that ended."""
        with self._lock:
            self.jobs[outcome] += 1
            self.job_seconds += seconds


def counters() -> ServerCounters:
    """Return the process's counts."""
    return pn.state.as_cached("quests-counts", ServerCounters)


def session_name() -> str:
    """Return a name of the session for the log, "" outside of any.

    Not the session's id itself: who knows that can join the session.
    """
    document = pn.state.curdoc
    context = document.session_context if document is not None else None
    return hashlib.sha256(str(context.id).encode()).hexdigest()[:12] if context is not None else ""


def log_event(event: str, **fields) -> None:
    """Log that something happened."""
    log.info(event, extra={"fields": fields})


def session_opened(session: object) -> str:
    """Count and log that a page was opened; return its name. `session` must not outlive it for long."""
    counters().session(1)
    counters().in_memory.add(session)
    name = session_name()
    log_event("session opened", session=name)
    return name


def session_closed(name: str) -> int:
    """Count and log that a page was closed; return how many are left."""
    counters().session(-1)
    log_event("session closed", session=name)
    return counters().sessions

"""Log events as JSON lines, and count sessions and jobs."""

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
    """Format a record as one line of JSON, with the fields of ``extra={"fields": …}``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
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
    """Counters of the process over all sessions; thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self.begun = time.monotonic()
        self.jobs: Counter[str] = Counter()
        self.job_seconds = 0.0
        self.sessions = self.sessions_total = 0
        self.in_memory: weakref.WeakSet[object] = weakref.WeakSet()

    def session(self, change: int) -> None:
        """Count a session that starts (1) or ends (-1)."""
        with self._lock:
            self.sessions += change
            self.sessions_total += max(0, change)

    def job(self, outcome: str, seconds: float) -> None:
        """Count a finished job."""
        with self._lock:
            self.jobs[outcome] += 1
            self.job_seconds += seconds


def counters() -> ServerCounters:
    """Return the counters of the process."""
    return pn.state.as_cached("quests-counts", ServerCounters)


def session_name() -> str:
    """Return a name of the session for the log, or "" outside a session.

    It is a hash: anyone who knows the session ID can join the session.
    """
    document = pn.state.curdoc
    context = document.session_context if document is not None else None
    return hashlib.sha256(str(context.id).encode()).hexdigest()[:12] if context is not None else ""


def log_event(event: str, **fields) -> None:
    """Log an event with its fields."""
    log.info(event, extra={"fields": fields})


def session_opened(session: object) -> str:
    """Count and log a new session; return its name. `session` is only held weakly."""
    counters().session(1)
    counters().in_memory.add(session)
    name = session_name()
    log_event("session opened", session=name)
    return name


def session_closed(name: str) -> int:
    """Count and log the end of a session; return the number of open ones."""
    counters().session(-1)
    log_event("session closed", session=name)
    return counters().sessions

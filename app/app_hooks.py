"""What Bokeh's server calls at its start, at the end of a session, and at its own."""

import atexit
import gc
import os
import sys
import threading

import panel as pn
from bokeh.settings import settings
from tornado.ioloop import IOLoop

from quests_app.door import Door
from quests_app.jobs import shut_down
from quests_app.leavings import leavings
from quests_app.unsent import send_what_is_left

# What is computed looks at whether it was cancelled far more often, but compiling a kernel never does.
GRACE_SECONDS = 3.0
# Python's own is 5 ms: a page that is answered gives the interpreter up, and waits for it, many times.
SWITCH_SECONDS = 0.001


def on_server_loaded(server_context) -> None:
    """Have pages answered quickly beside what computes and beside pages that are built."""
    send_what_is_left()
    server_context.application_context.application.add(Door())
    # Panel begins this for the whole process when a page is first busy, and it would hold that page for ever.
    if begin := getattr(pn.state, "_schedule_busy_cleanup", None):
        IOLoop.current().add_callback(begin)
    # A tenth of what it takes to build a page; it only warns the author.
    settings.perform_document_validation = False
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()


def on_session_destroyed(_) -> None:
    """Have what a session held collected, and its memory given back."""
    leavings.left()


def on_server_unloaded(_) -> None:
    """Let go of what is being computed: the process would wait for it; and never wait for long."""
    shut_down()
    timer = threading.Timer(GRACE_SECONDS, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    """End the process while a worker thread is still busy; temporary files go first."""
    atexit._run_exitfuncs()
    os._exit(0)

"""Lifecycle hooks of the Bokeh server."""

import atexit
import gc
import os
import signal
import sys
import threading

import panel as pn
from bokeh.settings import settings
from tornado.ioloop import IOLoop

from quests_app.jobs.queue import shut_down
from quests_app.plots import figures
from quests_app.server import allowed_paths, guarded_server, websocket_limits
from quests_app.server.bokeh_patch import patch_current_document, patch_defaults
from quests_app.server.garbage import deferred_collection
from quests_app.server.page_admission import PageAdmission
from quests_app.server.panel_patch import patch_message_queue
from quests_app.server.path_access import PARAMETER
from quests_core.utils import scratch

# Computations check for cancellation far more often; compiling a kernel never does.
GRACE_SECONDS = 3.0
# Python's default is 5 ms; handling one request releases and reacquires the GIL many times.
SWITCH_SECONDS = 0.001
# Every way of serving loads this file before it creates the web application.
guarded_server.install()
websocket_limits.install()


def on_server_loaded(server_context) -> None:
    """Refuse to serve without the guards; keep the server responsive during computations."""
    served = guarded_server.require(server_context.application_context)
    if missing := allowed_paths.missing():
        raise SystemExit(f"{allowed_paths.FOLDERS}: no such folder: {', '.join(map(str, missing))}")
    # Every loop of Tornado 6 wraps one of asyncio; its annotations do not say so.
    guarded_server.contain_exits(IOLoop.current().asyncio_loop)  # type: ignore[attr-defined]
    is_local = allowed_paths.FOLDERS not in os.environ and not served.proxy.is_required
    if served.access.token is not None and is_local:
        link = f"{served.own_address.rstrip('/')}{served.prefix}{server_context.application_context.url}"
        print(f"To open and save files by their paths: {link}?{PARAMETER}={served.access.token}", flush=True)  # noqa: T201
    scratch.remove_stale()
    _end_in_order()
    patch_message_queue()
    server_context.application_context.application.add(PageAdmission())
    # Panel starts this when a session is first busy, and would keep that session alive forever.
    if begin := getattr(pn.state, "_schedule_busy_cleanup", None):
        IOLoop.current().add_callback(begin)
    # Takes a tenth of the time to build a page and only warns developers.
    settings.perform_document_validation = False
    # Inspects the signature of each of 1,500 callbacks of a page.
    settings.perform_error_diagnostics = False
    patch_defaults()
    patch_current_document()
    figures.prepare()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()


def on_session_destroyed(_) -> None:
    """Collect the garbage of a session and return its memory."""
    deferred_collection.request()


def on_server_unloaded(_) -> None:
    """Cancel all computations, and exit after `GRACE_SECONDS` at the latest."""
    shut_down()
    timer = threading.Timer(GRACE_SECONDS, _leave)
    timer.daemon = True
    timer.start()


def _end_in_order() -> None:
    """Make the first Ctrl-C stop the event loop between two callbacks, as SIGTERM does."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    loop = IOLoop.current()

    def stop(*_) -> None:
        # A second Ctrl-C interrupts a callback that blocks the loop.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        loop.add_callback_from_signal(loop.stop)

    signal.signal(signal.SIGINT, stop)


def _leave() -> None:
    """Exit although a worker thread is still busy, after removing temporary files."""
    atexit._run_exitfuncs()
    os._exit(0)

"""What Bokeh's server calls at its end."""

import atexit
import os
import threading

from quests_app.jobs import shut_down

# What is computed looks at whether it was cancelled far more often, but compiling a kernel never does.
GRACE_SECONDS = 3.0


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

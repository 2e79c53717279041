"""The dashboard's entry point: ``panel serve app``."""

import gc
import os
import sys
from urllib.parse import urlencode

import panel as pn

from quests_app.jobs.queue import DeferredScheduler
from quests_app.page import page
from quests_app.server import client_values, stale_values, training_access
from quests_app.server.allowed_paths import FILE, of_document
from quests_app.server.loop_scheduler import on_loop_of
from quests_app.session.controller import Controller
from quests_app.session.state import State
from quests_app.views.view_queue import ViewQueue
from quests_app.widgets.theme import COOKIE

pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)

document = pn.state.curdoc
if document is None:
    raise RuntimeError("expected a session; start the dashboard with: panel serve app")
client_values.limit(document)
actions = stale_values.guard(document)
if len(sys.argv) > 1:
    # ``panel serve app --args FILE``
    os.environ.setdefault(FILE, sys.argv[1])
state = State()
on_loop = on_loop_of(document)
scheduler, queue = DeferredScheduler(on_loop), ViewQueue(on_loop, done=gc.freeze)
controller = Controller(
    state, scheduler, allowed_paths=of_document(document), may_train=training_access.of_document(document)
)
pn.state.onload(scheduler.open)
pn.state.onload(queue.open)
pn.state.onload(controller.compile_kernels)
pn.state.onload(controller.follow_cluster)


def end(_, controller=controller, scheduler=scheduler, queue=queue) -> None:
    """End the session; the default arguments outlive the module, which Bokeh clears first."""
    controller.close()
    scheduler.close()
    queue.close()


pn.state.on_session_destroyed(end)
# Computations start when a browser has loaded the page: HTTP requests alone compute nothing.
# The query comes from the session: a timed-out client reconnects by websocket, without the query string.
search = "?" + urlencode({name: values[-1] for name, values in pn.state.session_args.items()})
theme = pn.state.cookies.get(COOKIE, "")
dashboard = page(state, controller, search, begin=pn.state.onload, queue=queue, theme=theme)
dashboard.main.append(actions)
dashboard.servable(title="QUESTS Explorer")

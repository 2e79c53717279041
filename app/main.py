"""The dashboard's entry point: ``panel serve app``."""

from urllib.parse import urlencode

import panel as pn

from quests_app import client_values
from quests_app.explorer import Controller
from quests_app.jobs import Gate
from quests_app.lane import on_loop_of
from quests_app.layout import page
from quests_app.places import of_document
from quests_app.state import State

pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)

client_values.limit(pn.state.curdoc)
state = State()
gate = Gate(on_loop_of(pn.state.curdoc))
explorer = Controller(state, gate, places=of_document(pn.state.curdoc))
pn.state.onload(gate.open)


def end(_, explorer=explorer, gate=gate) -> None:
    """End the session; Bokeh empties this module before, hence the default arguments."""
    explorer.close()
    gate.close()


pn.state.on_session_destroyed(end)
# What is asked for begins with the page in a browser: a request alone, however often made, computes nothing.
# Of the session, not of this request: who waits so long that it was given up comes with the websocket alone.
search = "?" + urlencode({name: values[-1] for name, values in pn.state.session_args.items()})
page(state, explorer, search, begin=pn.state.onload).servable(title="QUESTS Explorer")

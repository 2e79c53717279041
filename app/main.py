"""The dashboard's entry point: ``panel serve app``."""

import panel as pn
from quests_app.explorer import Explorer
from quests_app.layout import page
from quests_app.state import State

pn.extension("filedropper", respect_explicit_sizing=True)

state = State()
explorer = Explorer(state, pn.state.curdoc.add_next_tick_callback)
# Bokeh empties this module before it tells that the session is gone, hence the default argument.
pn.state.on_session_destroyed(lambda _, explorer=explorer: explorer.close())
page(state, explorer).servable(title="QUESTS Explorer")
explorer.open_demo()

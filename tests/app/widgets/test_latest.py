"""Only the latest of the values within an interval is applied."""

from bokeh.models import ColumnDataSource
from panel.io.server import set_curdoc

from quests_app.session.state import State
from quests_app.widgets.latest import Latest, follow_handle
from tests.app.widgets.test_throttle import Timers


def test_the_latest_value_replaces_the_earlier_ones():
    seen, document = [], Timers()
    latest = Latest(seen.append)
    for values in ((1, 2, 3), (4,)):
        with set_curdoc(document):
            for value in values:
                latest(value)
        document.end_interval()
    assert seen == [3, 4]


def test_without_a_server_every_value_is_applied():
    seen = []
    latest = Latest(seen.append)
    for value in (1, 2):
        latest(value)
    assert seen == [1, 2]


def test_a_moved_handle_sets_the_size():
    state, source = State(), ColumnDataSource({"n_frames": []})
    follow_handle(state, source)
    source.data = {"n_frames": [7]}
    assert state.n_frames == 7

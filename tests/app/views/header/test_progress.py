"""The progress of the running job."""

import pytest

from quests_app.analysis.parameters import Parameters
from quests_app.jobs.activity import WAITING
from quests_app.views.header.progress import ProgressView
from quests_app.views.header.summary import SummaryView
from quests_app.views.sidebar.export import ExportView
from quests_app.views.tabs import Tabs
from tests.app.conftest import text_of

# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


@pytest.mark.parametrize("on_bar", [True, False])
def test_progress_is_shown_with_step_and_time_left(session, on_bar):
    view = ProgressView(session.state, session.controller, on_bar=on_bar)
    assert not view._row.visible
    session.state.main_activity.param.update(
        running=True, title="Opening <b>.xyz", step="descriptors", fraction=0.4, remaining=12.0
    )
    shown = text_of(view)
    assert "Opening &lt;b&gt;.xyz" in shown
    assert "descriptors · 40 % · 12 s left" in shown
    assert view._bar.value == 40
    assert view._row.visible
    session.state.main_activity.running = False
    assert not view._row.visible


def test_a_job_that_waits_has_no_percentage(session):
    view = ProgressView(session.state, session.controller)
    session.state.main_activity.param.update(running=True, title="Opening a.xyz", step=f"{WAITING}: 2 ahead")
    assert "<span>Waiting for its turn: 2 ahead</span>" in text_of(view)


def test_a_file_that_is_recomputed_shows_its_previous_results(opened):
    view = ProgressView(opened.state, opened.controller)
    opened.controller.recompute(Parameters(k=32, cutoff=5.0, bandwidth=0.05))
    assert "Meanwhile, the previous results are shown." in text_of(view)
    opened.run()


def test_the_file_before_is_named_dimmed_and_not_exported_while_another_opens(opened, other_file):
    state = opened.state
    progress, summary = ProgressView(state, opened.controller), SummaryView(state)
    tabs, export = Tabs(state, {"overview": lambda _: iter(())}), ExportView(state, opened.controller)
    opened.controller.open(other_file)
    assert state.opening == "other.xyz"
    assert "Meanwhile, the results of copper.xyz are shown." in text_of(progress)
    assert "stale" in summary._card.css_classes
    assert "stale" in tabs.content.css_classes
    assert export._zip.disabled
    assert "Available once other.xyz is ready." in text_of(export)
    opened.run()
    assert (state.opening, state.opened.dataset.name) == ("", "other.xyz")
    assert "stale" not in (*summary._card.css_classes, *tabs.content.css_classes)
    assert not export._zip.disabled

"""Progress and messages above the plots."""

import re

import pytest

from quests_app.views.header.status import StatusView
from quests_app.views.header.summary import SummaryView
from quests_app.views.sidebar.export import ExportView
from quests_app.views.tabs import Tabs
from quests_app.widgets.card import CSS
from tests.app.conftest import text_of

# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


def test_messages_stay_until_they_are_dismissed(opened, tmp_path):
    view = StatusView(opened.state, opened.controller)
    assert not view._all.visible
    opened.open(tmp_path / "missing.xyz")
    assert view._error.visible
    assert "missing.xyz" in view._error[0].object
    view._error.closed = True
    assert opened.state.error == ""
    assert not view._all.visible
    opened.open(tmp_path / "missing.xyz")
    assert view._error.visible
    assert not view._error.closed, "it is shown again"


def test_progress_is_shown_with_step_and_time_left(session):
    view = StatusView(session.state, session.controller)
    session.state.main_activity.param.update(
        running=True, title="Opening <b>.xyz", step="descriptors", fraction=0.4, remaining=12.0
    )
    shown = text_of(view)
    assert "Opening &lt;b&gt;.xyz" in shown
    assert "descriptors · 40 % · 12 s left" in shown
    assert view._bar.value == 40
    assert view._all.visible


def test_messages_are_over_the_page_wherever_it_is_scrolled_to(opened, tmp_path):
    view = StatusView(opened.state, opened.controller)
    opened.open(tmp_path / "missing.xyz")
    assert "toasts" in view._messages.css_classes
    assert list(view._messages) == [view._error, view._notice]
    assert view._all.styles["position"] == "fixed", "they take no room"
    opened.state.main_activity.running = True
    assert view._all.styles["position"] == "relative", "progress does"
    opened.state.main_activity.running = False
    (rule,) = re.findall(r":host\(\.toasts\) \{([^}]*)\}", CSS)
    assert {"position: fixed", "bottom: 16px"} <= set(rule.strip().split("; "))


def test_the_file_before_is_named_dimmed_and_not_exported_while_another_opens(opened, other_file):
    state = opened.state
    status, summary = StatusView(state, opened.controller), SummaryView(state)
    tabs, export = Tabs(state, {"overview": lambda _: iter(())}), ExportView(state, opened.controller)
    opened.controller.open(other_file)
    assert state.opening == "other.xyz"
    assert "Meanwhile, the results of copper.xyz are shown." in text_of(status)
    assert "stale" in summary._card.css_classes
    assert "stale" in tabs.content.css_classes
    assert export._zip.disabled
    assert "Waits until other.xyz is open." in text_of(export)
    opened.run()
    assert (state.opening, state.opened.dataset.name) == ("", "other.xyz")
    assert "stale" not in (*summary._card.css_classes, *tabs.content.css_classes)
    assert not export._zip.disabled


def test_a_failed_or_cancelled_opening_leaves_the_file_before_as_it_was(opened, other_file, tmp_path):
    for act in (lambda: opened.open(tmp_path / "none.xyz"), opened.controller.cancel):
        opened.controller.open(other_file)
        act()
        opened.run()
        assert opened.state.opening == ""
        assert opened.state.export_path is not None

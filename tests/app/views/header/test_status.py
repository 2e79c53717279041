"""Messages over the page."""

import re

import pytest

from quests_app.jobs.cluster import ClusterStatus
from quests_app.views.header.status import StatusView
from quests_app.widgets.card import CSS

# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


def test_messages_stay_until_they_are_dismissed(opened, tmp_path):
    view = StatusView(opened.state)
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


def test_messages_are_over_the_page_wherever_it_is_scrolled_to(opened, tmp_path):
    view = StatusView(opened.state)
    opened.open(tmp_path / "missing.xyz")
    assert "toasts" in view._messages.css_classes
    assert list(view._messages) == [view._error, view._notice]
    assert view._all.styles["position"] == "fixed", "they take no room"
    opened.state.kernel_activity.running = True
    assert view._all.styles["position"] == "relative", "the note on compilation does"
    opened.state.kernel_activity.running = False
    (rule,) = re.findall(r":host\(\.toasts\) \{([^}]*)\}", CSS)
    assert {"position: fixed", "bottom: 16px"} <= set(rule.strip().split("; "))


def test_a_failed_or_cancelled_opening_leaves_the_file_before_as_it_was(opened, other_file, tmp_path):
    for act in (lambda: opened.open(tmp_path / "none.xyz"), opened.controller.cancel):
        opened.controller.open(other_file)
        act()
        opened.run()
        assert opened.state.opening == ""
        assert opened.state.export_path is not None


def test_the_cluster_is_told_with_and_without_the_compilation(opened):
    state = opened.state
    view = StatusView(state)
    state.cluster = ClusterStatus("tcp://<host>:8786", "", 2, 4)
    assert view._all.visible
    assert view._all.styles["position"] == "relative", "it takes room"
    assert view._lines.object.startswith(
        '<div class="small">Dask cluster tcp://&lt;host&gt;:8786: 2 workers,'
    )
    state.kernel_activity.running = True
    assert view._lines.object.count('<div class="small">') == 2
    state.kernel_activity.running = False
    assert view._lines.object.count('<div class="small">') == 1
    assert view._lines.visible

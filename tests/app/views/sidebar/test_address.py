"""The address of the page, and the link with which it is opened."""

from urllib.parse import parse_qs

import numpy as np
import panel as pn
import pytest
from ase.io import write

from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.analysis.parameters import Parameters
from quests_app.session.references import ReferenceSets
from quests_app.views.sidebar.address import AddressView
from tests.app.conftest import make_frames

pn.extension()

# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


def visit(session, search):
    """Open the page with a query string."""
    view = AddressView(session.state, session.controller, ReferenceSets(session.state, session.controller))
    view.ask(search)
    view.open()
    session.run()
    return view


def test_a_missing_file_opens_the_demo_and_shows_the_error(session, tmp_path):
    visit(session, f"?file={tmp_path / 'gone.xyz'}&k=7&size=3")
    state = session.state
    assert session.controller.shows_demo
    assert "gone.xyz" in state.error
    assert state.opened.parameters == Parameters()


def test_an_uploaded_file_has_no_link(session, file):
    view = visit(session, "")
    assert "file=demo" in view._address.search
    session.controller.upload("mine.xyz", file.read_bytes())
    session.run()
    assert view._address.search == ""


def test_a_link_restores_the_reference(session, file, tmp_path):
    other = tmp_path / "other.xyz"
    write(other, make_frames(np.random.default_rng(5), 14), format="extxyz")
    first = visit(session, f"?file={file}")
    first._sets.add(other)
    session.run()
    session.state.param.update(active=MSC_WITH_REFERENCE, n_frames=9)
    search = first._address.search
    assert parse_qs(search[1:])["reference"] == [str(other)]
    assert parse_qs(search[1:])["active"] == ["msc given"], "links keep the name they were made with"
    again = type(session)()
    view = visit(again, search)
    assert again.state.active == MSC_WITH_REFERENCE
    assert again.state.reference.path == other
    np.testing.assert_array_equal(again.state.mask, session.state.mask)
    assert view._address.search == search
    assert not again.controller.history.can_undo, "applying a link is not a decision"
    again.controller.close()


def test_a_link_to_a_missing_reference_shows_an_error_and_applies_the_rest(session, file, tmp_path):
    view = visit(session, f"?file={file}&methods=msc+given&active=msc+given&reference={tmp_path}/no.xyz")
    assert "no.xyz" in session.state.error
    assert session.state.active == "msc"
    assert "&reference=" not in view._address.search


def test_a_tab_is_in_the_history_and_back_returns_to_it(session, file):
    view = visit(session, f"?file={file}")
    session.state.tab = "frames"
    assert (view._address.tab, "tab=frames" in view._address.search) == ("frames", True)
    # What the browser sends on Back.
    view._address.tab = "overview"
    assert session.state.tab == "overview"
    assert "tab=" not in view._address.search
    view._address.tab = "<nowhere>"
    assert session.state.tab == "overview"

"""A link restores the page; its invalid parts are ignored with a notice."""

import shutil
from dataclasses import replace
from urllib.parse import parse_qs

import numpy as np
import panel as pn
import pytest

from quests_app.analysis import method_path
from quests_app.analysis.parameters import Marks, Parameters
from quests_app.analysis.reference import reference
from quests_app.session.link import LONGEST_SEARCH, LinkRequest, query
from quests_core.utils.frame_ranges import format_ranges, parse_ranges
from tests.app.views.sidebar.test_address import visit

pn.extension()


# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


def test_ranges_round_trip(rng):
    for n in (0, 1, 2, 30):
        frames = tuple(np.sort(rng.choice(60, n, replace=False)).tolist())
        assert parse_ranges(format_ranges(frames), 60) == frames
    for bad in ("60", "3-1", "-1", "a", "1,,2", "0-99999999999"):
        with pytest.raises(ValueError, match=r"."):
            parse_ranges(bad, 60)


def test_a_link_restores_the_page(session, file):
    first = visit(session, f"?file={file}")
    state = session.state
    session.controller.recompute(Parameters(k=12, cutoff=4.25, bandwidth=0.0213, species=True))
    session.run()
    state.methods = ["msc", "mean_fps"]
    session.run()
    state.marks = state.marks.lock([3, 4, 5, 9]).exclude([7])
    session.run()
    state.param.update(active="mean_fps", tab="map", n_frames=int(state.sizes[6]))
    search = first._address.search
    assert parse_qs(search[1:])["locked"] == ["0,3-5,9"]
    kept = state.mask

    other = type(session)()
    view = visit(other, search)
    for name in ("parameters", "methods", "active", "marks", "n_frames", "tab"):
        assert getattr(other.state, name) == getattr(state, name), name
    np.testing.assert_array_equal(other.state.mask, kept)
    assert other.state.notice == other.state.error == ""
    assert view._address.search == search
    assert not other.controller.history.can_undo, "applying a link is not a decision"
    other.controller.close()


def test_a_link_without_marks_differs_from_the_default_marks(session, file):
    state = session.open(file)
    assert "locked" not in query(state, False)
    state.marks = Marks()
    session.run()
    other = type(session)()
    visit(other, query(state, False))
    assert other.state.marks == Marks()
    other.controller.close()


def test_invalid_parts_are_ignored_with_a_notice(session, file):
    visit(
        session,
        f"?file={file}&k=x&cutoff=-3&bandwidth=nan&methods=magic&active=<b>&size=9999&tab=none&locked=5,800",
    )
    state = session.state
    assert state.opened.dataset.path == file
    assert state.parameters == Parameters()
    assert (state.active, state.tab, state.n_frames) == ("msc", "overview", 6)
    assert state.marks == Marks(locked=(0,))
    for name in ("k=x", "cutoff=-3", "bandwidth=nan", "methods=magic", "active=<b>", "size=9999", "locked=5"):
        assert name in state.notice


def test_names_with_special_characters(session, file, tmp_path):
    odd = tmp_path / "a b&c=#1+é%.xyz"
    shutil.copy(file, odd)
    state = session.open(odd)
    other = type(session)()
    visit(other, query(state, False))
    assert other.state.opened.dataset.path == odd
    other.controller.close()


@pytest.mark.usefixtures("uncached")
def test_a_link_opens_any_size(session, file, monkeypatch):
    monkeypatch.setattr(method_path, "curve_sizes", lambda n_frames, *_: np.array([1, 6, n_frames]))
    visit(session, f"?file={file}&size=7")
    assert session.state.sizes.tolist() == [1, 6, 24]
    assert (session.state.n_frames, session.state.row_of("msc")["n_frames"]) == (7, 7)


def test_too_many_marks_are_ignored_with_a_notice(session, file, monkeypatch):
    monkeypatch.setattr("quests_app.session.link._LONGEST", 3)
    state = session.open(file)
    state.marks = Marks(locked=(0, 2, 4, 6))
    session.run()
    other = type(session)()
    visit(other, query(state, False))
    assert other.state.marks == Marks(locked=(0,))
    assert "locked=left-out" in other.state.notice
    other.controller.close()


@pytest.fixture
def keyed(tmp_path):
    """Return a file whose names of energy and label must be quoted in a link."""
    path = tmp_path / "keyed.xyz"
    frame = '1\nLattice="3 0 0 0 3 0 0 0 {}" "E & = é"=-1.5 art=b\nCu 0 0 0\n'
    path.write_text("".join(frame.format(3 + 0.1 * i) for i in range(8)), encoding="utf-8")
    return path


NAMED = Parameters(k=4, energy_key="E & = é", label_key="art")


def test_a_link_names_the_keys(session, keyed):
    state = session.open(keyed)
    assert "_key=" not in query(state, False)
    session.controller.recompute(NAMED)
    session.run()
    other = type(session)()
    visit(other, query(state, False))
    assert other.state.error == other.state.notice == ""
    assert other.state.parameters == other.state.opened.parameters == NAMED
    assert other.state.opened.dataset.labels == ("b",) * 8
    # The names apply to this file only.
    other.controller.open_demo()
    other.run()
    assert other.state.parameters == Parameters(k=4)
    other.controller.close()


def test_a_link_with_a_missing_key_shows_an_error(session, keyed):
    visit(session, f"?file={keyed}&energy_key=absent")
    assert session.controller.shows_demo
    assert "energy_key: expected a key of keyed.xyz" in session.state.error
    other = type(session)()
    visit(other, f"?file={keyed}&energy_key={'x' * 201}")
    assert other.state.opened.dataset.path == keyed
    assert "energy_key=xxx" in other.state.notice
    other.controller.close()


def test_named_keys_leave_references_comparable(session, keyed):
    session.open(keyed)
    other = reference(keyed, keyed.name, session.state.parameters)
    assert other.is_comparable(replace(session.state.parameters, energy_key="E & = é", bandwidth=0.1))
    assert not other.is_comparable(replace(session.state.parameters, k=4))


def test_a_long_link_is_ignored():
    for search in ("?k=20&locked=" + "0," * LONGEST_SEARCH, "?" + "&".join(f"x{i}=1" for i in range(200))):
        request = LinkRequest(search)
        assert request.before() == LinkRequest("").before()
        assert len(request.faults) == 1
        assert request.faults[0].startswith("all of it")

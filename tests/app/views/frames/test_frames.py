"""The table of frames follows the state, and the state follows the table."""

import threading
import time

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write
from bokeh.document import Document

from quests_app.session.controller import DEMO
from quests_app.views.frames.frames import FramesView
from quests_core.potentials import Predictions
from tests.app.conftest import WAIT_SECONDS

# Bokeh converts a pandas index in a way that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


@pytest.fixture
def view(opened):
    opened.state.tab = "frames"
    view = FramesView(opened.state, opened.controller, "frames")
    opened.run()
    return view


def shown(view):
    """Return the rows sent to the browser, filtered and sorted."""
    return view._table._processed


@pytest.mark.usefixtures("uncached")
def test_status_of_a_queued_list_and_retry_of_a_failed_one(opened, monkeypatch):
    go_on = threading.Event()
    opened.controller.run("Something", lambda _: go_on.wait(WAIT_SECONDS), print, print, quick=True)

    def fail(*_):
        raise ValueError("the listing of this test")

    monkeypatch.setattr("quests_app.views.frames.frames.gather", fail)
    opened.state.tab = "frames"
    view = FramesView(opened.state, opened.controller, "frames")
    assert "waiting for its turn behind “Something”" in view._head.object
    assert not view._retry.visible, "already requested"
    go_on.set()
    opened.run()
    assert "not listed yet" in view._head.object
    assert "the listing of this test" in opened.state.error
    monkeypatch.undo()
    view._retry.clicks += 1
    opened.run()
    assert "24 of 24 frames shown" in view._head.object
    assert not view._retry.visible


def test_every_column_has_a_minimum_width_and_a_share_of_the_rest(view):
    sent = {column["field"]: column for column in view._table.get_root().configuration["columns"][1:]}
    for name in ("frame", "label", "energy_per_atom", "state"):
        assert sent[name]["minWidth"] >= 60
        assert sent[name]["widthGrow"] == round(sent[name]["minWidth"] / 20)
        assert "width" not in sent[name]


def test_a_list_that_has_come_shows_the_selection_and_can_be_selected(opened):
    opened.state.param.update(tab="frames", selected=(2, 7))
    view = FramesView(opened.state, opened.controller, "frames")
    opened.run()
    assert view._table.selection == [2, 7]
    assert (view._select_all.label, view._select_all.disabled) == ("Select all shown (24)", False)


def test_every_frame_has_its_row(opened, view, frames):
    rows, state = shown(view), opened.state
    assert rows["frame"].tolist() == list(range(24))
    assert rows["formula"].tolist() == [str(atoms.symbols.formula.format("hill")) for atoms in frames]
    assert rows["label"].tolist() == [atoms.info["config_type"] for atoms in frames]
    assert rows["n_atoms"].tolist() == [len(atoms) for atoms in frames]
    np.testing.assert_allclose(rows["energy_per_atom"], -1.0)
    expected = [np.linalg.norm(atoms.get_forces(), axis=1).max() for atoms in frames]
    np.testing.assert_allclose(rows["max_force"], expected, atol=1e-6)
    assert_follows(state, rows)


def assert_follows(state, rows):
    path, envs = state.path, state.opened.envs
    values = state.delta_entropy
    for frame in rows["frame"]:
        row = rows.loc[frame]
        assert row["state"] == state.status[frame]
        if frame in state.marks.excluded:
            assert np.isnan(row["rank"])
            continue
        assert path.order[int(row["rank"]) - 1] == frame
        own = [values[i] for i in range(envs.n_envs) if envs.frame_index[i] == frame]
        assert row["max_delta_entropy"] == pytest.approx(max(own))


def test_the_rows_follow_slider_method_and_marks(opened, view):
    state = opened.state
    for change in ({"n_frames": 12}, {"active": "random"}, {"marks": state.marks.exclude([3, 9]).lock([5])}):
        state.param.update(**change)
        opened.run()
        assert_follows(state, shown(view))
    assert shown(view)["state"][[3, 5]].tolist() == ["excluded", "locked"]


def test_the_filter_shows_and_selects_matching_frames(opened, view):
    state = opened.state
    view._filter.value = 'label == "distorted" and state == "dropped"'
    expected = [
        f for f in range(24) if state.opened.dataset.labels[f] == "distorted" and state.status[f] == "dropped"
    ]
    assert 0 < len(expected) < 24
    assert shown(view)["frame"].tolist() == expected
    view._select_all.clicks += 1
    assert state.selected == tuple(expected)
    assert f"({len(expected)})" in view._select_all.label
    state.n_frames = 24
    assert len(shown(view)) == 0
    assert view._select_all.disabled
    view._unfilter.clicks += 1
    assert len(shown(view)) == 24
    assert state.selected == tuple(expected)


def test_the_search_finds_words_in_any_text_and_combines_with_the_filter(opened, view):
    view._search.value_input = "  PERF "
    perfect = [f for f in range(24) if opened.state.opened.dataset.labels[f] == "perfect"]
    assert shown(view)["frame"].tolist() == perfect
    view._filter.value = f"frame > {perfect[0]}"
    assert shown(view)["frame"].tolist() == perfect[1:]
    assert view._select_all.label == f"Select all shown ({len(perfect) - 1})"
    view._search.value_input = "cu4 dropped"
    assert shown(view)["frame"].tolist() == [
        f for f in range(perfect[0] + 1, 24) if opened.state.status[f] == "dropped"
    ]
    opened.state.n_frames = 24
    assert len(shown(view)) == 0, "the search follows the subset"
    view._filter.value = "rank <"
    assert len(shown(view)) == 0, "an invalid filter leaves the search"
    view._unfilter.clicks += 1
    assert (len(shown(view)), view._search.value_input, view._unfilter.visible) == (24, "", False)


def sent_titles(view):
    return [column.title for column in view._table.get_root(Document()).columns]


def test_columns_are_chosen_and_kept(opened, view, frames, tmp_path):
    choice = view._choice
    assert "rank" in shown(view)
    assert sent_titles(view)[-1] == "State"
    view._table.sorters = [{"field": "rank", "dir": "asc"}]
    opened.state.selected = (2, 7)
    view._filter.value = "frame < 20"
    choice.widget.value = ["label", "energy", "mean_forces"]
    assert sent_titles(view) == ["Frame", "Label", "Energy / eV", "mean_forces"]
    expected = [np.linalg.norm(atoms.get_forces(), axis=1).mean() for atoms in frames[:20]]
    np.testing.assert_allclose(shown(view).iloc[:, 3], expected)
    assert (view._table.sorters, view._table.selection, opened.state.selected) == ([], [2, 7], (2, 7))
    assert choice.store.texts == ["label", "energy", "mean_forces"]
    assert choice.widget.value_label.startswith("4 of ")
    opened.state.n_frames = 12
    assert len(shown(view)) == 20, "the subset changes although none of its columns is shown"
    write(tmp_path / "few.xyz", [bulk("Ag", cubic=True), bulk("Au", cubic=True)], format="extxyz")
    opened.open(tmp_path / "few.xyz")
    assert sent_titles(view) == ["Frame", "Label", "Energy / eV"]
    choice.widget.value = ["frame", "formula"]
    assert choice.store.texts == ["frame", "formula", "mean_forces"], "absent ones stay chosen"


def test_columns_of_a_file_with_strange_names_and_several_sources(session, frames, tmp_path):
    for i, atoms in enumerate(frames):
        atoms.info |= {"a.b": f"run {i}", "index": i / 3, "good": bool(i % 2), "source": f"part{i % 2}.xyz"}
    del frames[5].info["good"], frames[5].info["a.b"]
    write(tmp_path / "names.xyz", frames, format="extxyz")
    session.open(tmp_path / "names.xyz")
    session.state.tab = "frames"
    view = FramesView(session.state, session.controller, "frames")
    session.run()
    assert sent_titles(view)[-1] == "source", "shown first, as it varies"
    view._choice.widget.value = ["a.b", "index", "good"]
    titles = view._choice.layout[0]
    rows = shown(view).rename(columns=titles)
    assert list(rows["a.b"][4:6]) == ["run 4", ""]
    assert rows["index"][6] == 2.0
    assert list(rows["good"][3:6]) == ["yes", "no", ""]
    assert not any("." in field or field == "index" for field in titles)
    view._search.value_input = "part1 run"
    assert shown(view).iloc[:, 0].tolist() == [f for f in range(1, 24, 2) if f != 5]


def test_only_possible_columns_are_taken_from_the_browser(opened, view):
    view._choice.store.kept = ["label", 3, {"x": 1}, "n_atoms", "y" * 2000]
    assert sent_titles(view) == ["Frame", "Label", "Atoms"]
    before = sent_titles(view)
    view._choice.store.kept = "label"
    assert sent_titles(view) == before


def test_an_invalid_filter_changes_nothing_and_shows_its_error(opened, view):
    view._filter.value = "max_force > <b>"
    assert len(shown(view)) == 24
    assert view._filter.error_state
    assert "at character 13" in view._error.object
    assert "<b>" not in view._error.object
    view._filter.value = "rank <= 2"
    assert view._error.object == ""
    assert not view._filter.error_state
    assert len(shown(view)) == 2
    view._filter.value = "rank <= "
    assert (len(shown(view)), view._select_all.label) == (2, "Select all shown (2)")
    assert "Still shown: rank &lt;= 2" in view._error.object
    opened.state.active = "random"
    assert shown(view)["frame"].tolist() == sorted(opened.state.paths["random"].order[:2])
    view._unfilter.clicks += 1
    assert (len(shown(view)), view._filter.error_state, view._error.object) == (24, False, "")


def test_checkboxes_and_selection_agree(opened, view):
    state = opened.state
    state.selected = (2, 7)
    assert view._table.selection == [2, 7]
    view._table.selection = [7, 2, 11]
    assert state.selected == (2, 7, 11)
    opened.controller.history.undo()
    assert view._table.selection == [2, 7]
    view._filter.value = "frame > 6"
    state.n_frames = 20
    assert state.selected == (2, 7)
    state.selected = ()
    assert view._table.selection == []


def test_a_click_makes_the_most_novel_environment_current(opened, view):
    state = opened.state
    state.n_frames = 3
    values = state.path.delta_entropy[state.path.position(3)]
    for frame in (4, 20):
        view._clicked(frame)
        assert state.current_frame == frame
        assert values[state.current_env] == shown(view)["max_delta_entropy"][frame]
    view._show_structure.clicks += 1
    assert state.tab == "map"


def test_missing_values_are_dashes(session, frames, tmp_path):
    frames[3].calc = None
    write(tmp_path / "some.xyz", frames, format="extxyz")
    session.open(tmp_path / "some.xyz")
    session.state.tab = "frames"
    view = FramesView(session.state, session.controller, "frames")
    session.run()
    row = shown(view).loc[3]
    assert np.isnan(row["energy_per_atom"])
    assert np.isnan(row["max_force"])
    assert view._table.formatters["max_force"].template.endswith(": '–' %></div>")
    view._filter.value = "missing(energy) or not has_forces"
    assert shown(view)["frame"].tolist() == [3]


def test_another_file_replaces_the_rows(opened, view, tmp_path):
    view._filter.value = "frame > 20"
    opened.state.selected = (22,)
    write(tmp_path / "few.xyz", [bulk("Ag", cubic=True), bulk("Au", cubic=True)], format="extxyz")
    opened.open(tmp_path / "few.xyz")
    assert opened.state.error == ""
    assert view._table.selection == []
    assert len(shown(view)) == 0
    view._filter.value = ""
    assert shown(view)["formula"].tolist() == ["Ag4", "Au4"]


def test_the_table_follows_the_slider_within_a_tenth_of_a_second(session):
    session.open(DEMO)
    session.state.tab = "frames"
    view = FramesView(session.state, session.controller, "frames")
    session.run()
    view.__panel__().get_root(Document())
    view._filter.value = "max_force > 1 or rank < 50"
    times = []  # CPU time of this thread, unaffected by other processes.
    for position in range(20, 60, 4):
        start = time.thread_time()
        session.state.n_frames = int(session.state.sizes[position])
        times.append(time.thread_time() - start)
    assert np.median(times) < 0.1, times


def test_computed_predictions_are_columns_at_once(opened, view):
    n_frames, n_envs = len(opened.state.data.envs), opened.state.data.envs.n_envs
    assert "RMSE" not in " ".join(view._table.titles.values())
    opened.state.predictions = {"EMT": Predictions(np.zeros(n_frames), np.zeros((n_envs, 3)))}
    (name,) = [name for name, title in view._table.titles.items() if title == "force_rmse_EMT"]
    assert view._table.value[name].notna().all()
    assert view._table.value["rank"].notna().any()
    view._filter.value = "energy_error_EMT > 0"
    assert 0 < len(shown(view)) < n_frames + 1
    opened.state.predictions = {}
    assert "force_rmse_EMT" not in view._table.titles.values()

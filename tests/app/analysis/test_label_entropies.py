"""Entropy compared with its bound, for the full set, the subset and each label."""

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from quests_app.analysis import label_entropies
from quests_app.plots.entropy_bars import redundancy_data
from quests_app.views.overview.redundancy import RedundancyView
from quests_core import entropy


def bars(view):
    data = view._plot.sources["Bound", "bound ln N"].data
    rows = zip(data["set"], data["entropy"], data["right"], strict=True)
    return {name: (value, bound) for name, value, bound in rows}


def label_frames(state, label):
    excluded = state.marks.excluded
    return [i for i, name in enumerate(state.opened.dataset.labels) if name == label and i not in excluded]


def test_full_set_subset_and_labels_are_compared_with_their_bounds(opened):
    state, view = opened.state, RedundancyView(opened.state, opened.controller)
    assert list(bars(view)) == ["full set", "msc subset"], "labels are added once they are computed"
    opened.run()
    envs = state.opened.envs
    shown = bars(view)
    assert list(shown) == ["full set", "msc subset", "distorted", "perfect", "IsolatedAtom"]
    labels = view._plot.figure.yaxis[0].major_label_overrides
    assert [labels[place] for place in sorted(labels, reverse=True)] == list(shown), "the first is at the top"
    subset = envs.take(state.frames_of("msc"))
    assert shown["full set"] == pytest.approx((entropy(envs), np.log(envs.n_envs)), abs=1e-5)
    assert shown["msc subset"] == pytest.approx((entropy(subset), np.log(subset.n_envs)), abs=1e-5)
    for label in ("distorted", "perfect", "IsolatedAtom"):
        part = envs.take(label_frames(state, label))
        assert shown[label] == pytest.approx((entropy(part), np.log(part.n_envs)), abs=1e-5)


def test_many_labels_are_capped_and_the_rest_is_counted(opened, monkeypatch):
    monkeypatch.setattr(label_entropies, "MAX_GROUPS", 1)
    view = RedundancyView(opened.state, opened.controller)
    opened.run()
    view._labels = label_entropies.label_entropies(opened.state.opened, opened.state.marks)
    view._update()
    assert list(bars(view)) == ["full set", "msc subset", "distorted"]
    assert "2 smaller labels left out" in view._head.object


def test_elements_are_compared_with_their_bounds(session, tmp_path):
    frames = [bulk("Ag", a=4 + 0.01 * i, cubic=True) for i in range(4)]
    for i, atoms in enumerate(frames):
        atoms.symbols[: i % 3] = "Pd"
    write(tmp_path / "alloy.xyz", frames, format="extxyz")
    state = session.open(tmp_path / "alloy.xyz")
    view = RedundancyView(state, session.controller)
    state.marks = state.marks.exclude([2])
    session.run()
    shown, envs = bars(view), state.opened.envs
    assert list(shown) == ["full set", "msc subset", "element Ag", "element Pd"]
    rows = [row for row in range(envs.n_envs) if frames[envs.frame_index[row]].numbers[row % 4] == 46]
    rows = [row for row in rows if envs.frame_index[row] != 2]
    assert shown["element Pd"] == pytest.approx((entropy(envs.X[rows]), np.log(len(rows))), abs=1e-5)
    assert shown["element Ag"][1] == pytest.approx(np.log(12 - len(rows)))


def test_progress_is_that_of_all_groups(opened):
    reports = []
    label_entropies.label_entropies(
        opened.state.opened, opened.state.marks, lambda step, done, total: reports.append((step, done, total))
    )
    steps, done, totals = zip(*reports, strict=True)
    assert set(steps) == {"entropy"}
    sizes = [int(n) for n in label_entropies.label_entropies(opened.state.opened, opened.state.marks).n_envs]
    assert set(totals) == {sum(n**2 for n in sizes)}, "work grows with the pairs of environments"
    assert list(done) == sorted(done)
    assert [n for n in done if n == totals[0]] == [totals[0]], "only the last group completes it"
    assert {sizes[0] ** 2, sizes[0] ** 2 + sizes[1] ** 2} <= set(done)


def test_copies_are_computed_from_the_gap_to_the_bound():
    data = redundancy_data(["one", "two"], [0.0, np.log(3)], [8, 3], ["#000000", "#000000"])
    assert data["copies"] == pytest.approx([8, 1])
    assert data["text"] == ["0.00 of 2.08", "1.10 of 1.10"]

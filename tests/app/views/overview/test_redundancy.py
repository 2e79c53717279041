"""Bars of entropy for the full set, the subset and the labels."""

import numpy as np
import pytest
from ase.io import write

from quests_app.views.overview.redundancy import RedundancyView
from quests_core import entropy
from tests.app.analysis.test_label_entropies import bars, label_frames


def test_the_bars_follow_size_method_and_excluded_frames(opened):
    state, view = opened.state, RedundancyView(opened.state, opened.controller)
    opened.run()
    before = bars(view)
    state.n_frames = 15
    assert bars(view)["msc subset"] != before["msc subset"]
    state.active = "random"
    assert "random subset" in bars(view)
    state.marks = state.marks.exclude(label_frames(state, "distorted")[:5])
    opened.run()
    shown = bars(view)
    part = state.opened.envs.take(label_frames(state, "distorted"))
    assert shown["distorted"] == pytest.approx((entropy(part), np.log(part.n_envs)), abs=1e-5)
    assert shown["distorted"] != before["distorted"]


def test_no_label_bars_for_a_single_label(session, frames, tmp_path):
    for atoms in frames:
        atoms.info["config_type"] = "all"
    write(tmp_path / "one.xyz", frames, format="extxyz")
    view = RedundancyView(session.state, session.controller)
    session.open(tmp_path / "one.xyz")
    assert len(bars(view)) == 2
    assert "all frames have the same label" in view._head.object

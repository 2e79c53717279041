"""Results to report, as the session gives them."""

import numpy as np

from quests_app.analysis.label_entropies import label_entropies
from quests_app.analysis.parameters import Marks
from quests_app.exports.report_data import redundancy_rows


def test_results_under_earlier_marks_are_not_reported(opened):
    state = opened.state
    before = state.report_data()
    assert (before.path, before.n_frames) == (state.paths["msc"], 6)
    np.testing.assert_array_equal(before.delta_entropy, state.path.delta_entropy[state.path.position(6)])
    state.marks = Marks(locked=(0, 3))
    assert state.report_data().paths == {}, "they are being computed"
    opened.run()
    assert [*state.report_data().paths] == ["msc", "random"]
    state.methods = ["msc"]
    assert [*state.report_data(embedding_note="a map").paths] == ["msc"]


def test_rows_of_the_redundancy(opened):
    state = opened.state
    full, subset = state.full_set_metrics, state.row_of("msc")
    expected = [full["entropy"], subset["entropy"]], [full["n_envs"], subset["n_envs"]]
    assert redundancy_rows(state.report_data()) == (["full set", "msc subset"], *expected)
    entropies = label_entropies(state.data, state.marks)
    names, values, counts = redundancy_rows(state.report_data(entropies=entropies))
    assert tuple(names[2:]) == entropies.names
    assert values[2:] == entropies.entropies.tolist()
    assert sum(counts[2:]) == full["n_envs"]

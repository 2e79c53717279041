"""Columns of the errors of potentials."""

import numpy as np
import pandas as pd
from ase import Atoms

from quests_app.plots.potentials import NOVELTY_TICKS, above_best, against, by_novelty, means_of
from quests_core.potentials.errors import error_groups
from tests.app.plots.test_elements import GROUPS, POTENTIALS


def test_sizes_are_in_order_and_a_method_may_lack_some():
    table = POTENTIALS.iloc[::-1].query("method == 'msc' or fraction > 0.3")
    found = above_best(table)
    assert found["msc"]["percent"].tolist() == [10, 50]
    np.testing.assert_allclose(found["random"]["error"], [0.01])


def test_each_seed_is_a_point_and_the_mean_is_over_seeds():
    columns = against(POTENTIALS, "overlap")["msc"]
    assert columns["seed"].tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(columns["x"], [10, 10, 50, 50])
    np.testing.assert_allclose(means_of(columns)["force_rmse"], [0.31, 0.2])


def test_groups_are_named_as_the_library_names_them():
    deltas = np.array([-1.0, 1.0, 9.0, 99.0])
    groups = error_groups([Atoms("Cu4")], [""], np.ones((4, 3)), deltas)
    assert list(NOVELTY_TICKS.values()) == [group.name for group in groups if group.by == "delta_entropy"]


def test_only_groups_by_novelty_count():
    others = GROUPS.assign(by="element", force_rmse=99.0)
    found = by_novelty(pd.concat([others, GROUPS]))
    np.testing.assert_allclose(found["random"]["error"], [0.31] * 4)
    np.testing.assert_allclose([found["msc"]["low"], found["msc"]["high"]], [[0.2] * 4, [0.22] * 4])

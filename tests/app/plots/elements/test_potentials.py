"""Errors of potentials, as elements."""

import numpy as np
import pytest

from quests_app import plots
from tests.app.plots.test_elements import ERRORS, GROUPS, POTENTIALS, drawn


def test_errors_are_above_the_best_of_their_size():
    errors = plots.force_errors(ERRORS).Error
    np.testing.assert_allclose(errors.Msc["error"], [0, 0], atol=1e-12)
    np.testing.assert_allclose(errors.Random["error"], [0.08, 0.01])


def test_seeds_are_a_spread_around_their_mean():
    spread = plots.force_errors(ERRORS).Spread.Msc
    np.testing.assert_allclose([spread["low"], spread["high"]], [[-0.01, 0], [0.01, 0]], atol=1e-12)


def test_failed_potentials_are_left_out():
    table = POTENTIALS.copy()
    table.loc[0, "force_rmse"] = np.nan
    assert plots.force_errors(table).Error.Msc["error"][0] == 0
    assert len(plots.errors_against(table).Potential.Msc) == 3
    table["force_rmse"] = np.nan
    for draw in (plots.force_errors, plots.errors_against):
        with pytest.raises(ValueError, match="table: expected at least one method"):
            draw(table)


def test_each_potential_is_a_point_and_a_line_joins_the_means():
    figure = plots.errors_against(POTENTIALS, "fraction")
    assert len(figure.Potential.Random) == 4
    np.testing.assert_allclose(figure.Mean.Random["force_rmse"], [0.39, 0.21])
    np.testing.assert_allclose(figure.Mean.Random["x"], [10, 50])
    with pytest.raises(ValueError, match="quantity: expected one of 'fraction', 'overlap'"):
        plots.errors_against(POTENTIALS, "size")


def test_groups_by_novelty_have_their_places_also_from_a_record():
    figure = plots.errors_by_novelty(GROUPS)
    np.testing.assert_allclose(figure.Error.Msc["error"], [0.21] * 4)
    assert figure.Error.Msc["place"].tolist() == [0, 1, 2, 3]
    cold = GROUPS[GROUPS.low != 5.0].assign(low=lambda rows: rows.low.fillna(-np.inf))
    assert plots.errors_by_novelty(cold).Error.Random["place"].tolist() == [0, 1, 3]
    assert [axis.ticker.ticks for axis in drawn(figure, "bokeh").xaxis] == [[0, 1, 2, 3]]

"""Entropy against bandwidth, its warnings, and the suggestion from the density."""

import math

import numpy as np
import pytest

from quests_app.analysis.bandwidth import GRID, EntropyCurve, entropy_curve, suggestion
from quests_core import bandwidth_from_volume, entropy


def test_the_curve_is_entropy_at_each_bandwidth(opened):
    X = opened.state.opened.envs.X
    curve = entropy_curve(X)
    assert (curve.n_sample, curve.n_envs) == (len(X), len(X))
    for i in (0, 9, 24):
        assert curve.entropies[i] == pytest.approx(entropy(X, float(GRID[i])), abs=1e-6)
        assert curve.at(GRID[i]) == pytest.approx(curve.entropies[i])
    assert (np.diff(curve.entropies) <= 1e-6).all()


def test_warnings_where_the_entropy_saturates():
    bound = math.log(100)
    curve = EntropyCurve(GRID, bound * np.linspace(1, 0, 25), 100, 100)
    assert "Too small" in curve.warning(GRID[0])
    assert curve.warning(GRID[12]) == ""
    assert "Too large" in curve.warning(GRID[-1])
    assert EntropyCurve(GRID, np.zeros(25), 1, 1).warning(0.1) == ""


def test_the_suggestion_is_the_rule_for_the_mean_volume(opened):
    frames = opened.state.opened.dataset.frames[1:]
    volume = sum(a.get_volume() for a in frames) / sum(len(a) for a in frames)
    bandwidth, why = suggestion(opened.state.opened.dataset)
    assert bandwidth == bandwidth_from_volume(volume)
    assert f"{volume:.1f} Å³/atom" in why
    assert "23 frames" in why, "the box of the isolated atom is not a density"

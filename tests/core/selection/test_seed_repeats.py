"""Compression curves for several seeds."""

import numpy as np
import pytest

from quests_core import (
    Environments,
    Strata,
    compression_curve,
    repeated_curves,
    select,
)
from tests import naive
from tests.core.ugly import BANDWIDTH


@pytest.fixture
def frames(rng):
    return [rng.normal(0, 0.3, (rng.integers(1, 5), 3)) for _ in range(14)]


@pytest.mark.parametrize("method", ["random", "mean_fps", "k_means"])
def test_each_repeat_agrees_with_the_naive_curve_of_its_seed(frames, method):
    envs = Environments.from_frames(frames)
    found = repeated_curves(envs, method, 3, [2, 7, 14], BANDWIDTH, random_state=5)
    assert found.random_state.tolist() == [5] * 3 + [6] * 3 + [7] * 3
    for seed in (5, 6, 7):
        rows = found[found.random_state == seed]
        for size, (_, row) in zip([2, 7, 14], rows.iterrows(), strict=True):
            order = select(envs, method, size, bandwidth=BANDWIDTH, random_state=seed).order
            (slow,) = naive.compression_curve(frames, order, [size], BANDWIDTH)
            for name, value in slow.items():
                assert row[name] == pytest.approx(value, abs=1e-5), (seed, size, name)
    assert found[found.n_frames == 7].overlap.nunique() > 1


def test_locked_frames_and_quotas_hold_in_every_repeat(frames):
    envs, strata = Environments.from_frames(frames), Strata(list("aabbaabbaabbab"), "equal")
    found = repeated_curves(
        envs, "random", 2, bandwidth=BANDWIDTH, locked=[3, 1], excluded=[0, 9], strata=strata
    )
    assert sorted(set(found.n_frames)) == list(range(2, 13))
    assert found.groupby("n_frames").overlap.last().iloc[-1] == 1
    left = [i for i in range(14) if i not in (0, 9)]
    order = select(envs, "random", locked=[3, 1], excluded=[0, 9], strata=strata, random_state=1).order
    expected = compression_curve(
        envs.take(left), [left.index(i) for i in order], range(2, 13), bandwidth=BANDWIDTH
    )
    second = found[found.random_state == 1].drop(columns="random_state").reset_index(drop=True)
    assert np.allclose(second, expected)


def test_deterministic_methods_have_no_repeats(frames):
    envs = Environments.from_frames(frames)
    for method, more in (
        ("msc", {}),
        ("fps", {}),
        ("mean_fps", {"locked": [1]}),
        ("mean_fps", {"reference": frames[0]}),
    ):
        with pytest.raises(
            ValueError, match=f"n_repeats: expected 1, as method '{method}' is deterministic here, got 5"
        ):
            repeated_curves(envs, method, **more)
        once = repeated_curves(envs, method, 1, [4], bandwidth=BANDWIDTH, **more)
        assert len(once) == 1

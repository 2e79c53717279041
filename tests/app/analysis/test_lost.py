"""Lost environments, checked against slow loops."""

import dataclasses

import numpy as np
import pytest

from quests_app.analysis.lost import (
    EnvironmentLabels,
    OutlierWarning,
    by_label,
    frame_table,
    lost,
    outlier_warning,
)
from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.analysis.parameters import Marks
from quests_app.plots.outliers import histogram_data

# Bokeh converts a pandas index in a way that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


def test_the_worst_are_ranked_first(rng):
    values = rng.normal(size=3000).astype(np.float32)
    values[::7] = np.nan
    found = lost(values, limit=40)
    above = [float(v) for v in values if v > 1e-5]
    assert values[found.rows].tolist() == sorted(above, reverse=True)[:40]
    assert found.n_lost == len(above)
    assert found.n_counted == np.isfinite(values).sum()
    assert found.largest == max(above)
    assert len(lost(values).rows) == 500
    nothing = lost(np.array([-1.0, 0.0, 1e-6]))
    assert (nothing.n_lost, len(nothing.rows)) == (0, 0)
    assert np.isnan(lost(np.array([np.nan])).largest)


def test_shares_by_label_and_frame_are_those_of_a_slow_count(small):
    state = small.state
    values = state.delta_entropy.copy()
    values[small.state.opened.envs.frame_index == 5] = np.nan
    opened, env_labels = state.opened, EnvironmentLabels.from_dataset(state.opened)
    slow = {}
    for row, frame in enumerate(opened.envs.frame_index):
        if np.isfinite(values[row]):
            entry = slow.setdefault(opened.dataset.labels[frame], [0, 0, -np.inf])
            entry[0] += 1
            entry[1] += values[row] > 1e-5
            entry[2] = max(entry[2], float(values[row]))
    found = by_label(env_labels, values)
    assert {label: list(rest) for label, *rest in found} == slow
    shares = [n_lost / n for _, n, n_lost, _ in found]
    assert shares == sorted(shares, reverse=True)
    columns, rows = frame_table(opened, values)
    for i, frame in enumerate(columns["frame"]):
        own = values[opened.envs.frame_index == frame]
        assert columns["n_lost"][i] == (own > 1e-5).sum() > 0
        assert columns["delta_entropy"][i] == own.max() == values[rows[i]]
        assert opened.envs.frame_index[rows[i]] == frame
    assert 5 not in columns["frame"]
    assert (np.diff(columns["delta_entropy"]) <= 0).all()


def with_largest(path, largest, **changes):
    """Return a path with the given largest δH at every size."""
    return dataclasses.replace(path, curve=path.curve.assign(max_delta_entropy=largest), **changes)


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (454.0, {"msc": 21.0, "fps": 30.0}, OutlierWarning(454.0, "msc", 21.0)),
        (454.0, {"fps": 30.0, "msc": 152.0}, OutlierWarning(454.0, "fps", 30.0)),
        (454.0, {"msc": 152.0}, None),
        (20.0, {"msc": 6.6}, OutlierWarning(20.0, "msc", 6.6)),
        (19.9, {"msc": 0.0}, None),
        (20.0, {"msc": -0.7}, OutlierWarning(20.0, "msc", -0.7)),
        (60.0, {"msc": 20.0}, None),
        (60.0, {}, None),
    ],
)
def test_warning_if_another_method_has_a_far_smaller_maximum(opened, own, others, expected):
    path = opened.state.path
    paths = {"balanced": with_largest(path, own), **{m: with_largest(path, v) for m, v in others.items()}}
    assert outlier_warning(paths, "balanced", 5) == expected
    best = min(others.values(), default=np.inf)
    assert (expected is not None) == (own >= 20 and own > 3 * best), (
        "at least 20 nats and more than three times the smallest"
    )


def test_only_comparable_paths_are_compared(opened):
    path = opened.state.path
    own, better = with_largest(path, 90.0), with_largest(path, 1.0)
    assert outlier_warning({"random": own, "msc": better}, "random", 5) is not None
    assert outlier_warning({"msc": better}, "random", 5) is None, "not computed yet"
    other_marks = dataclasses.replace(better, marks=Marks(excluded=(3,)))
    assert outlier_warning({"random": own, "msc": other_marks}, "random", 5) is None
    given = dataclasses.replace(better, reference=object())
    assert outlier_warning({"random": own, MSC_WITH_REFERENCE: given}, "random", 5) is None
    paths = {"random": better, MSC_WITH_REFERENCE: with_largest(given, 90.0)}
    assert outlier_warning(paths, MSC_WITH_REFERENCE, 5) is None


def test_the_histogram_counts_everything_once(rng):
    values = np.concatenate([rng.normal(size=500), rng.exponential(200, size=50), [0.0, 1e-7, 2e-5, np.nan]])
    columns = histogram_data(values)
    n = columns["count"]
    assert n[n >= 1].sum() == 553
    assert n[(n >= 1) & (columns["place"] >= 0)].sum() == (values > 1e-5).sum()
    for low, high, number in zip(columns["low"], columns["high"], n, strict=True):
        inside = ((values >= low) & (values < high)).sum()
        if abs(low) > 1e-9 and abs(high) > 1e-9:
            assert inside == (number if number >= 1 else 0)
    assert len(histogram_data(np.array([np.nan]))["place"]) == 0

"""The colours of the map, and the fields that a file offers."""

import numpy as np
import pytest

from quests_app.analysis import methods
from quests_app.plots import map_colors, palettes
from quests_app.plots.map_colors import GREY


def color(shown, i):
    """Return the colour of environment `i` as it is drawn."""
    return shown.palette[shown.colors[i] - 1]


def test_every_status_has_its_colour_and_count():
    status = np.array(["kept", "dropped", "locked", "excluded", "kept"])
    frame = np.array([0, 0, 1, 2, 3, 4, 4, 4])
    shown = map_colors.by_status(status, frame, "fps")
    legend = {name: (drawn, n) for name, drawn, n in shown.legend}
    assert legend["kept"] == (methods.METHOD_INFO["fps"].color, 5)
    assert [legend[name][1] for name in ("dropped", "locked", "excluded")] == [1, 1, 1]
    for i, name in enumerate(status[frame]):
        assert color(shown, i) == legend[name][0]
    # Kept environments are drawn over dropped ones.
    assert shown.colors[0] > shown.colors[2]


def test_locked_frames_differ_from_kept_ones_whatever_the_method():
    for method in methods.METHODS:
        shown = map_colors.by_status(
            np.array(["kept", "locked", "dropped", "excluded"]), np.arange(4), method
        )
        assert len({drawn for _, drawn, _ in shown.legend}) == 4, method


def test_statuses_that_do_not_occur_are_not_in_the_legend():
    shown = map_colors.by_status(np.array(["kept", "dropped"]), np.array([0, 1]), "msc")
    assert [name for name, _, _ in shown.legend] == ["kept", "dropped"]


def test_covered_and_unknown_environments_are_grey_and_novel_ones_are_not():
    shown = map_colors.by_novelty(np.array([-3.0, 0.0, 1e-4, 5.0, 9.99, 400.0, np.nan]), "msc")
    assert shown.colors[[0, 1, 6]].tolist() == [GREY] * 3
    assert np.all(np.diff(shown.colors[2:5].astype(int)) > 0)
    assert color(shown, 5) == palettes.NOVELTY[-1]
    assert not shown.mean, "one lost outlier among many covered ones must stay visible"


def test_the_density_is_that_of_the_full_set():
    shown = map_colors.by_density(np.array([0.0, -2.0, -4.0, np.nan], dtype=np.float32))
    assert shown.bar == (0.0, 4.0, "ln Σ K / nats")
    assert [color(shown, i) for i in (0, 2)] == [palettes.DENSITY[0], palettes.DENSITY[-1]]
    assert shown.colors[3] == GREY


def test_values_have_a_robust_range_with_a_note_on_outliers():
    values = np.append(np.linspace(0, 1, 999), [1e9, np.nan, np.nan])
    shown = map_colors.by_value(values, "x / Å")
    low, high, title = shown.bar
    assert 0 < low < 0.02
    assert 0.98 < high < 1.01
    assert title == "x / Å"
    assert color(shown, 999) == map_colors.VALUES[-1]
    beyond = int(((values < low) | (values > high)).sum())
    assert shown.note == f"{beyond} beyond the bar's ends; grey: no value (2)"
    assert shown.colors[-2:].tolist() == [GREY, GREY]


@pytest.mark.parametrize("values", [np.full(4, np.nan), np.zeros(4), np.array([np.inf, 1.0, 1.0, 1.0])])
def test_equal_values_have_a_colour_bar(values):
    low, high, _ = map_colors.by_value(values, "x").bar
    assert np.isfinite([low, high]).all()
    assert low < high


def test_the_commonest_names_have_colours_and_the_rest_is_counted():
    names = [f"n{i}" for i in range(11)]
    values = np.repeat(names, np.arange(11, 0, -1))
    shown = map_colors.by_category(values)
    assert [entry[0] for entry in shown.legend] == [*names[:8], "3 others"]
    assert [entry[2] for entry in shown.legend] == [11, 10, 9, 8, 7, 6, 5, 4, 3 + 2 + 1]
    legend = {name: drawn for name, drawn, _ in shown.legend}
    for i, name in enumerate(values):
        assert color(shown, i) == legend.get(name, legend["3 others"])
    first = {name: shown.colors[list(values).index(name)] for name in names}
    assert first["n10"] < first["n0"] < first["n7"], "rarer names are drawn over commoner ones"


def test_more_points_are_brighter_and_sets_of_one_shape_look_alike(rng):
    xy = np.vstack([rng.normal(0, 0.05, size=(4000, 2)), rng.uniform(-2, 2, size=(1000, 2))])
    full = map_colors.by_crowding(xy, np.arange(len(xy)))
    dense, sparse = full.colors[:4000].mean(), full.colors[4000:].mean()
    assert dense > 3 * sparse
    rows = np.arange(0, len(xy), 2)
    half = map_colors.by_crowding(xy, rows)
    assert abs(half.colors[rows].mean() - full.colors[rows].mean()) < 10
    assert map_colors.by_crowding(xy, rows[:0]).colors.max() == GREY

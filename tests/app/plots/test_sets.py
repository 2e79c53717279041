"""Columns of the figures that compare sets."""

import numpy as np

from quests_app.plots import sets


def test_a_few_outliers_do_not_use_up_the_colours():
    novelty = np.append(np.linspace(0.1, 2, 100), 5000)
    assert 1.5 < sets.color_limit(novelty) < 3
    assert sets.color_limit(np.array([-5.0, np.nan])) == 1


def test_edges_include_zero_whatever_the_values():
    for values in ([], [3.0, 700.0], [-9.0, -8.0], [np.inf]):
        edges = sets.novelty_edges(np.array(values))
        assert np.abs(edges).min() < 1e-12
        assert edges[0] < 0 < edges[-1]


def test_cells_lie_beside_each_other():
    cells = sets.matrix_data(np.eye(3), ["a", "b", "c"])
    assert cells["right"][0] == cells["left"][1]
    assert cells["bottom"][0] == cells["top"][3]
    assert {cells["color"][i] for i in (0, 4, 8)} == {sets.DARK}


def test_long_names_are_shortened_in_the_middle_and_stay_different():
    names = [f"configurations-of-oxides-{kind}" for kind in ("sheared", "rattled-weakly", "rattled-strongly")]
    same = ["a" * 40 + "x" + "b" * 40, "a" * 40 + "y" + "b" * 40]
    short = sets.short_names([*names, *same, "b"])
    assert short[:2] == ["configurat…des-sheared", "configurat…tled-weakly"]
    assert len(set(short)) == 6
    assert max(map(len, short[:4])) == 22
    assert sets.short_names(names, 5) == ["c…red", "c…kly", "c…gly"]
    assert short[-1] == "b"

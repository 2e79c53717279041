"""Colours of atoms."""

import numpy as np

from quests_app.widgets.structure_viewer import NO_VALUE, by_element, by_value


def test_colours_of_numbers():
    values = np.array([np.nan, -1.0, 0.0, 5.0, 10.0, 99.0])
    coloring = by_value(values, ["#000000", "#111111", "#222222"], 0.0, 10.0, "x", "none")
    shown = [coloring.palette[i] for i in coloring.index]
    assert shown == [NO_VALUE, NO_VALUE, "#000000", "#111111", "#222222", "#222222"]
    assert coloring.legend["names"] == [["none", NO_VALUE]]
    assert (coloring.legend["low"], coloring.legend["high"]) == ("0", "10")
    assert by_element(np.array([8, 1, 8])).index.tolist() == [1, 0, 1]
    assert by_element(np.array([0])).legend["names"][0][0] == "X"

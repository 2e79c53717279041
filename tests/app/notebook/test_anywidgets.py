"""The structure viewer and the map as anywidgets."""

import doctest
import importlib
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

pytest.importorskip("anywidget", reason="anywidget is not installed")
from quests_app.notebook import anywidgets
from quests_app.notebook.anywidgets import MapWidget, StructureWidget

FRAMES = [bulk("Cu", cubic=True), Atoms("HF", positions=[[0, 0, 0], [0, 0, 0.9]])]
XY = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 3.0], [2.5, 3.0]])
INDEX = np.array([0, 0, 0, 0, 1, 1])


def test_examples_run():
    results = doctest.testmod(anywidgets)
    assert results.attempted
    assert results.failed == 0


def test_a_structure_is_sent_as_plain_numbers_and_follows_what_the_browser_asks():
    widget = StructureWidget(FRAMES)
    assert widget.scene["symbols"] == ["Cu"] * 4
    assert all(not isinstance(value, np.ndarray) for value in widget.scene.values())
    state = widget.get_state()
    assert {"scene", "clicked", "steps", "stepped", "playing", "height"} <= set(state)
    widget.set_state({"clicked": [2, 1]})
    assert widget.atom == 2
    assert widget.scene["picked"] >= 0
    assert widget.scene["atom"][widget.scene["picked"]] == 2
    widget.set_state({"stepped": [1, 1]})
    assert (widget.frame, widget.atom) == (1, -1)
    assert widget.scene["symbols"] == ["H", "F"]
    widget.set_state({"stepped": [1, 2]})
    assert widget.frame == 0, "the first follows the last"
    with pytest.raises(ValueError, match="frame: expected a number from 0 to 1, got 2"):
        widget.frame = 2
    with pytest.raises(ValueError, match="at least one frame"):
        StructureWidget([])


def test_forces_are_drawn_where_there_are_some():
    from ase.calculators.singlepoint import SinglePointCalculator

    atoms = FRAMES[1].copy()
    atoms.calc = SinglePointCalculator(atoms, forces=np.ones((2, 3)))
    assert len(StructureWidget([atoms]).scene["arrows"]) == 2 * 2 * 3
    assert StructureWidget(FRAMES).scene["arrows"] == []


def test_the_map_is_sent_in_binary_and_a_click_shows_the_structure():
    widget = MapWidget(XY, INDEX, np.arange(6.0), "|F| / eV Å⁻¹")
    np.testing.assert_array_equal(np.frombuffer(widget.points, np.float32).reshape(-1, 2), XY)
    np.testing.assert_array_equal(np.frombuffer(widget.frames, np.int32), INDEX)
    colors = np.frombuffer(widget.colors, np.uint8)
    assert colors.min() >= 1
    assert colors.max() <= len(widget.palette)
    assert widget.legend["title"] == "|F| / eV Å⁻¹"
    assert widget.label == "Map of 6 environments of 2 frames"
    viewer = StructureWidget(FRAMES)
    widget.show_in(viewer)
    widget.set_state({"clicked": 5})
    assert (viewer.frame, viewer.atom) == (1, 1)
    widget.set_state({"selected": [0, 1]})
    assert widget.selected == [0, 1]


def test_names_have_a_legend_and_nothing_has_the_density():
    named = MapWidget(XY, color=np.array(["a", "a", "b", "b", "b", "c"]))
    assert [name for name, _ in named.legend["names"]] == ["b 3", "a 2", "c 1"]
    assert MapWidget(XY).legend["title"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(3),), r"xy: expected finite numbers of shape \(n, 2\), got shape \(3,\)"),
        ((XY * np.nan,), "xy: expected finite numbers"),
        ((XY, INDEX[:3]), r"frame_index: expected shape \(6,\), got \(3,\)"),
        ((XY, INDEX, [1.0]), r"color: expected shape \(6,\), got \(1,\)"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        MapWidget(*arguments)


def test_without_anywidget_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "quests_app.notebook.anywidgets")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r'need anywidget: pip install "quests-explorer\[anywidget\]"'):
        importlib.import_module("quests_app.notebook.anywidgets")

"""The colours of the map, and the fields that a file offers."""

import numpy as np
import pytest
from ase.io import write

from quests_app.analysis import methods
from quests_app.analysis.color_fields import ELEMENT, ENERGY, FORCE, LABEL, NO_TEXT, Fields
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


@pytest.fixture
def fields(session, frames, tmp_path):
    for i, atoms in enumerate(frames):
        atoms.info["temperature"] = 100.0 * i
        atoms.info["origin"] = "md" if i % 2 else "relaxed"
        atoms.arrays["charge"] = np.full(len(atoms), 0.5 * i)
        atoms.arrays["spin"] = np.full((len(atoms), 3), float(i))
    del (
        frames[3].info["temperature"],
        frames[4].arrays["charge"],
    )  # ASE reads them as charges of a calculator.
    write(tmp_path / "rich.xyz", frames, format="extxyz")
    state = session.open(tmp_path / "rich.xyz")
    assert state.error == ""
    return Fields.from_dataset(state.opened)


def test_all_quantities_of_a_file_are_offered_as_colours(fields):
    assert list(fields.names) == [
        LABEL, ELEMENT, FORCE, ENERGY, "info:origin", "info:temperature", "arrays:charges", "arrays:spin",
    ]  # fmt: skip
    assert fields.title(FORCE) == "|F| / eV Å⁻¹"
    assert fields.title("info:temperature") == "temperature (info)"


def test_values_match_those_of_frames_and_atoms(fields):
    frame = fields.opened.envs.frame_index
    temperature = 100.0 * frame
    temperature[frame == 3] = np.nan
    np.testing.assert_array_equal(fields.values("info:temperature"), temperature)
    charge = 0.5 * frame
    charge[frame == 4] = np.nan
    np.testing.assert_allclose(fields.values("arrays:charges"), charge)
    np.testing.assert_allclose(fields.values("arrays:spin"), np.sqrt(3) * frame)
    np.testing.assert_allclose(fields.values(ENERGY), -1.0)
    np.testing.assert_array_equal(fields.values(FORCE), fields.opened.dataset.forces)
    assert fields.values(LABEL)[0] == "IsolatedAtom"
    assert fields.values("info:origin")[:2].tolist() == ["relaxed", "md"]
    assert set(fields.values(ELEMENT)) == {"Cu"}


def test_a_bare_file_offers_the_element_only(session, tmp_path):
    path = tmp_path / "bare.xyz"
    path.write_text(
        "1\nProperties=species:S:1:pos:R:3\nCu 0 0 0\n1\nmix=7\nAg 0 0 0\n1\nmix=warm\nAg 0 0 1\n"
    )
    fields = Fields.from_dataset(session.open(path).opened)
    assert list(fields.names) == [ELEMENT, "info:mix"]
    assert fields.values("info:mix").tolist() == [NO_TEXT, "7", "warm"]

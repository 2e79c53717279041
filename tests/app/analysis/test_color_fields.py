"""The fields of a file that environments can be coloured by."""

import numpy as np
import pytest
from ase.io import write

from quests_app.analysis.color_fields import ELEMENT, ENERGY, FORCE, LABEL, NO_TEXT, Fields
from quests_core.potentials import prediction_errors, stored_predictions


@pytest.fixture
def fields(session, frames, tmp_path):
    for i, atoms in enumerate(frames):
        atoms.info["temperature"] = 100.0 * i
        atoms.info["origin"] = "md" if i % 2 else "relaxed"
        atoms.arrays["charge"] = np.full(len(atoms), 0.5 * i)
        atoms.arrays["spin"] = np.full((len(atoms), 3), float(i))
    # ASE reads the array as charges of a calculator.
    del frames[3].info["temperature"], frames[4].arrays["charge"]
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


def test_predictions_in_the_file_are_colours_of_their_force_error(predicted):
    fields = Fields.from_dataset(predicted.state.data)
    assert fields.names["force error:MACE"] == "Force error of MACE"
    assert fields.title("force error:MACE") == "|ΔF| of MACE / eV Å⁻¹"
    values = fields.values("force error:MACE")
    assert np.isnan(values[0])
    frame = predicted.state.data.envs.frame_index
    np.testing.assert_allclose([values[frame == i].max() for i in (1, 9)], np.sqrt(3) * np.array([0.1, 0.9]))


def test_computed_predictions_are_colours_beside_those_of_the_file(predicted):
    state = predicted.state
    other = stored_predictions(state.data.dataset.frames)["MACE"]
    other = other._replace(forces=other.forces + 1)
    fields = Fields.from_dataset(state.data, {"EMT": other})
    assert {"force error:MACE", "force error:EMT"} <= set(fields.names)
    expected = prediction_errors(state.data.dataset.frames, other).forces
    np.testing.assert_array_equal(fields.values("force error:EMT"), np.linalg.norm(expected, axis=1))

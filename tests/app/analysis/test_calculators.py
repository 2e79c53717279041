"""The calculators that the page offers."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk, molecule

from quests_app.analysis.calculators import (
    CALCULATORS,
    CalculatorKind,
    gap_elements,
    installed,
    prediction_name,
)
from quests_core.potentials import GAP, computed_predictions, missing_trainer
from quests_core.potentials.labelled import atom_energies
from tests.core.potentials.trained import labelled_frames


@pytest.fixture
def every_package(monkeypatch):
    monkeypatch.setattr("quests_app.analysis.calculators.importlib.util.find_spec", lambda name: name)


@pytest.mark.usefixtures("every_package")
@pytest.mark.parametrize(
    ("files", "code", "absent"),
    [(True, True, set()), (True, False, {"MACE"}), (False, True, {"GAP", "MACE"})],
)
def test_models_need_paths_and_those_with_code_trust(files, code, absent):
    assert set(installed(files, code)) == set(CALCULATORS) - absent


def test_what_is_not_installed_is_not_offered(monkeypatch):
    monkeypatch.setitem(CALCULATORS, "none", CalculatorKind("None", "no_such_package", lambda _: None))
    assert "none" not in installed(True, True)
    assert "EMT" in installed(False, False)


@pytest.mark.parametrize("name", ["a b.model", "ä-1.xml", "x" * 90 + ".xml"])
def test_a_name_is_one_that_filters_can_use(name):
    found = prediction_name("GAP", Path("/data", name))
    assert found.isidentifier()
    assert len(found) <= 40
    assert prediction_name("EMT", None) == "EMT"


@pytest.mark.skipif("GFN2_xTB" not in installed(False, False), reason="tblite is not installed")
def test_xtb_predicts_a_molecule():
    water = molecule("H2O")
    found = computed_predictions([water], CALCULATORS["GFN2_xTB"].make(""))
    assert -150 < found.energies[0] < -130
    assert np.abs(found.forces.sum(axis=0)).max() < 1e-4


@pytest.mark.skipif(missing_trainer("gap") != "", reason=f"no GAP: {missing_trainer('gap')}")
def test_a_gap_predicts_from_its_file_as_its_trainer_does(tmp_path):
    frames = labelled_frames(6)
    frames[5].pbc = False
    trainer = GAP(cutoff=4.0, n_max=3, l_max=2, n_sparse=10)
    expected = trainer.train(frames, atom_energies(frames), tmp_path, 0, lambda: None)(frames)
    path = tmp_path / "gap.xml"
    found = computed_predictions(frames, CALCULATORS["GAP"].make(str(path)))
    np.testing.assert_allclose(found.energies, expected.energies, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=1e-6)
    failures = {}
    computed_predictions([bulk("Cu"), bulk("Si")], CALCULATORS["GAP"].make(str(path)), failures=failures)
    assert failures == {1: "the potential has no Si"}, "QUIP itself predicts zero"


def test_the_elements_of_a_gap(tmp_path):
    (tmp_path / "gap.xml").write_text(
        '<e0 Z="1" value="0"/>\n<descriptor>distance_2b Z1=29 Z2=47 cutoff=4.0</descriptor>\n'
        "<descriptor> soap n_species=2 Z=14 species_Z={47 29 8 }</descriptor>\n"
    )
    assert gap_elements(tmp_path / "gap.xml") == {"Cu", "Ag", "Si", "O"}
    (tmp_path / "gap.xml").write_text("<descriptor>distance_Nb order=2 cutoff=4.0</descriptor>")
    assert gap_elements(tmp_path / "gap.xml") == set()

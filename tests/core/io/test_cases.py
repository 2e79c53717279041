"""Files like those of public bug reports: each is read as intended, or refused by name.

The files are not part of the project; without them, other tests cover the same faults as text.
"""

from pathlib import Path

import numpy as np
import pytest

from quests_core import atoms_energy, atoms_forces, read
from quests_core.io.dataset import load

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases"


def case(name):
    path = CASES / name
    if not path.exists():
        pytest.skip(f"no cases here: {path} is absent")
    return path


ENERGY = [-20.0 - 0.1 * i for i in range(5)]
# File: frames, energies (None: none), whether there are forces, periodic axes.
READ = {
    "Config_type.xyz": (10, ENERGY[:5] * 2, True, "TTT"),
    "DFT_force.xyz": (5, ENERGY, True, "TTT"),
    "D_exponent_energy.xyz": (5, [-20.0], True, "TTT"),
    "REF_stress_None.xyz": (6, [*ENERGY, None], True, "TTT"),
    "blank_residue_name.pdb": (3, None, False, None),
    "cs_bcc_one_atom.xyz": (7, [-0.2, -0.9], True, None),
    "empty_note.traj": (3, [-4.30840315256463], True, "TTF"),
    "empty_note_by_ase.xyz": (3, [-4.30840315256463], True, "TTF"),
    "empty_quotes_before_Properties.xyz": (5, ENERGY, True, "TTT"),
    "energy_in_info_too.traj": (3, [-4.469945414292684], True, "TTT"),
    "extxyz_nested_arrays.xyz": (5, ENERGY, True, "TTT"),
    "free_text_two_energies.xyz": (5, None, False, "FFF"),
    "gap_dft_force_dft_virial.xyz": (6, [-3.5, -20.0], True, "TTT"),
    "gpumd_capital_Energy.xyz": (5, ENERGY, True, "TTT"),
    "gpumd_lower_case.xyz": (5, ENERGY, True, "TTT"),
    "has_force_flag.xyz": (5, ENERGY, True, "TTT"),
    "ipi_bohr.xyz": (5, None, False, "TTT"),
    "key_in_quotes.xyz": (5, ENERGY, True, "TTT"),
    "kliff_PBC_110.xyz": (5, ENERGY, True, "TTF"),
    "only_free_energy.xyz": (4, [-1.5], True, "TTT"),
    "quip_species_and_Z.xyz": (5, ENERGY, True, "TTT"),
    "ref_stress_matrix.xyz": (4, [-14.0], True, "TTT"),
    "skewed_one_atom.xyz": (4, [-3.0, -3.1], True, "TTT"),
    "source_of_energy.xyz": (5, ENERGY, True, "TTT"),
    "stress_voigt.xyz": (5, ENERGY, True, "TTT"),
    "water_isolated.xyz": (22, [-430.0, -13.5], True, "TTT"),
}
REFUSED = {
    "blank_between.xyz.bz2": "frame 5, line 31: expected the number of atoms, got ''",
    "deuterium.xyz": "frame 0, line 4: unknown element 'D' of atom 1",
}


@pytest.mark.parametrize("name", READ)
def test_a_case_is_read(name):
    n_frames, energies, has_forces, pbc = READ[name]
    frames = read(case(name))
    assert len(frames) == n_frames
    found = [atoms_energy(atoms) for atoms in frames]
    if energies is None:
        assert found == [None] * n_frames
    else:
        assert found[: len(energies)] == pytest.approx(energies, abs=1e-9)
        assert None not in found[len(energies) :]
    assert {atoms_forces(atoms) is not None for atoms in frames} == {has_forces}
    if pbc:
        assert {"".join("FT"[int(p)] for p in atoms.pbc) for atoms in frames} == {pbc}


@pytest.mark.parametrize("name", REFUSED)
def test_a_case_is_refused_by_name(name):
    with pytest.raises(ValueError, match=r"^\w+\.") as error:
        read(case(name))
    assert str(error.value) == f"{name}, {REFUSED[name]}"


def test_every_case_is_covered():
    if not CASES.is_dir():
        pytest.skip(f"no cases here: {CASES} is absent")
    tried = {*READ, *REFUSED, "README.md", "frames.py", "dump_element.lammpstrj", "models_and_END.pdb"}
    assert {path.name for path in CASES.iterdir()} - tried == set()


def test_details_of_the_cases():
    assert load(case("Config_type.xyz")).labels == ("liquid",) * 5 + ("solid",) * 5
    assert load(case("Config_type.xyz"), label_key="Config_type").labels[0] == "liquid"
    matrix = read(case("ref_stress_matrix.xyz"))[0].info["REF_stress"]
    assert matrix.shape == (3, 3)
    assert matrix[0, 1] == -0.0013210486329130189
    voigt = read(case("stress_voigt.xyz"))[0].get_stress()
    np.testing.assert_array_equal(voigt, [0.1, 0.2, 0.3, 0.04, 0.05, 0.06])
    ipi = read(case("ipi_bohr.xyz"))[0]
    np.testing.assert_allclose(ipi.cell.array, 10 * np.eye(3), atol=1e-5)
    assert ipi.positions[1, 1] == pytest.approx(4.654848 * 0.529177210903)
    info = read(case("extxyz_nested_arrays.xyz"))[0].info
    assert info["matrix"].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    info = read(case("empty_quotes_before_Properties.xyz"))[0].info
    assert info["names"] == ["a b", "c d"]
    assert info["empty"] == ""
    assert read(case("empty_note_by_ase.xyz"))[0].info == {"note": ""}
    assert read(case("empty_note.traj"))[0].info["note"] == ""
    notes = load(case("free_text_two_energies.xyz")).notes
    assert "the comment is a sentence, from which no energy is taken (5 frames, first frame 0)" in notes
    assert "no frame has an energy" in notes
    notes = load(case("REF_stress_None.xyz")).notes
    assert any(
        note.startswith("'REF_stress' looks like a label, but has no suitable value") for note in notes
    )

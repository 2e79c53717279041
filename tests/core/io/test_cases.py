"""Files in the shape of public bug reports: each is read as it is meant, or refused by name.

The files themselves are not part of the project; where they are absent, the same faults are tried as text.
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


def test_every_case_is_tried():
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
    assert any(note.startswith("'REF_stress' looks like a label and is none") for note in notes)


# Siblings: the same kinds in other spellings.

HEAD = 'Lattice="5 0 0 0 6 0 0 0 7"'
BARE = "1\n{}\nSi 0.5 0.25 0\n"


def one(tmp_path, text, notes=None):
    path = tmp_path / "one.xyz"
    path.write_text(text, encoding="utf-8")
    (atoms,) = read(path, notes=notes)
    return atoms


@pytest.mark.parametrize(
    ("comment", "energy"),
    [
        (HEAD + " note= energy=-1.5", -1.5),
        (HEAD + " note='' energy=-1.5", -1.5),
        (HEAD + ' a="" b= c={} energy=-1.5 d=', -1.5),
        (HEAD + " ENERGY=-1.5", -1.5),
        (HEAD + " Dft_Energy=-1.5 gap_energy=7", -1.5),
        (HEAD + " REF_energy=-1.5 dft_energy=7", -1.5),
        (HEAD + " free_energy=-1.5", -1.5),
        (HEAD + " DFT_free_energy=-1.5", -1.5),
        (HEAD + " mace-energy=-1.5", -1.5),
        (HEAD + " energy=-0.15d1", -1.5),
        (HEAD + " energy=-15D-1", -1.5),
        (HEAD + ' energy="-1.5"', -1.5),
        (HEAD + " energy={-1.5}", -1.5),
        (HEAD + " energy=None REF_energy=-1.5", -1.5),
        (HEAD + " energy=-1.5 energy", -1.5),
        (HEAD + " converged energy=-1.5", -1.5),
        ("energy=-1.5", -1.5),
        ("energy = -1.5 note = x", -1.5),
        ("REF_energy=-1.5 converged", -1.5),
        (HEAD + " energy=abc", None),
        (HEAD + " energy=1_0", None),
        (HEAD + " energy", None),
        (HEAD + ' energy="1 2"', None),
        (HEAD + ' d="energy=3"', None),
        (HEAD + " d='energy=3'", None),
        (HEAD + " d={energy=3}", None),
        (HEAD + " d=[energy=3]", None),
        (HEAD + " source_of_energy=3", None),
        ("water, energy = 3", None),
        ("it's E, energy = 3 energy = 4", None),
        ("kinetic energy = 3", None),
        ("Step 0: energy = 3 stress = 4 virial = 4", None),
        ("", None),
    ],
)
def test_energies_of_siblings(tmp_path, comment, energy):
    assert atoms_energy(one(tmp_path, BARE.format(comment))) == energy


@pytest.mark.parametrize(
    ("comment", "pbc"),
    [
        ('{} pbc="[ True  True False]"', "TTF"),
        ("{} pbc=[True, True, False]", "TTF"),
        ('{} PBC="1 1 0"', "TTF"),
        ("{} Pbc={{T T F}}", "TTF"),
        ("{} pbc='T,T,F'", "TTF"),
        ('{} pbc = "TRUE true FALSE"', "TTF"),
        ('{} pbc="(True, True, False)"', "TTF"),
        ('{} note="pbc=FFF"', "TTT"),
        ('pbc="F F F" {}', "FFF"),
        ("x=1", "FFF"),
    ],
)
def test_periodic_axes_of_siblings(tmp_path, comment, pbc):
    atoms = one(tmp_path, BARE.format(comment.format(HEAD)))
    assert "".join("FT"[int(p)] for p in atoms.pbc) == pbc
    if "{}" in comment:
        assert atoms.cell.lengths().tolist() == [5, 6, 7]


@pytest.mark.parametrize("spelling", ["Lattice", "lattice", "LATTICE"])
@pytest.mark.parametrize(
    "value",
    ['"5 0 0 0 6 0 0 0 7"', "{5 0 0 0 6 0 0 0 7}", "[5, 0, 0, 0, 6, 0, 0, 0, 7]",
     '"5D0 0 0 0 6 0 0 0 7.0d+00"',
     "[[5, 0, 0], [0, 6, 0], [0, 0, 7]]", '"_JSON [[5, 0, 0], [0, 6, 0], [0, 0, 7]]"', "'5,0,0,0,6,0,0,0,7'"],
)  # fmt: skip
def test_cells_of_siblings(tmp_path, spelling, value):
    text = f"1\n{spelling} = {value} PROPERTIES=Species:S:1:POS:R:3\nSi 1 2 3\n"
    atoms = one(tmp_path, text)
    assert atoms.cell.array.tolist() == [[5, 0, 0], [0, 6, 0], [0, 0, 7]]
    assert atoms.pbc.all()


@pytest.mark.parametrize(
    ("name", "stored"),
    [("forces", None), ("Force", "Force"), ("DFT_FORCES", "DFT_FORCES"), ("gap_force", "gap_force")],
)
def test_forces_of_siblings(tmp_path, name, stored):
    atoms = one(tmp_path, f"1\nProperties=species:S:1:pos:R:3:{name}:R:3:has_force:L:1\nSi 1 2 3 4 5 6D0 T\n")
    assert atoms_forces(atoms).tolist() == [[4, 5, 6]]
    assert stored is None or stored in atoms.arrays
    assert atoms.arrays["has_force"].tolist() == [True]


@pytest.mark.parametrize(
    "value",
    ["0.1 0.06 0.05 0.06 0.2 0.04 0.05 0.04 0.3", "0.1 0.2 0.3 0.04 0.05 0.06",
     "1D-1 2D-1 3D-1 4D-2 5D-2 6D-2",
     "_JSON [[0.1, 0.06, 0.05], [0.06, 0.2, 0.04], [0.05, 0.04, 0.3]]"],
)  # fmt: skip
def test_stress_of_siblings(tmp_path, value):
    atoms = one(tmp_path, BARE.format(f'{HEAD} stress="{value}"'))
    np.testing.assert_allclose(atoms.get_stress(), [0.1, 0.2, 0.3, 0.04, 0.05, 0.06])


@pytest.mark.parametrize("value", ["None", "0", '"1 2"', "T", '""'])
def test_what_is_no_stress_stays_in_the_info_and_is_told(tmp_path, value):
    path = tmp_path / "one.xyz"
    path.write_text(BARE.format(f"{HEAD} energy=-1.5 stress={value}"), encoding="utf-8")
    dataset = load(path)
    assert "stress" in dataset.frames[0].info
    assert atoms_energy(dataset.frames[0]) == -1.5
    assert dataset.notes == ("'stress' looks like a label and is none (frame 0)",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"1\n{HEAD} energy=1 energy=2\nSi 0 0 0\n", "line 2: the key 'energy' is given more than once"),
        (f"1\n{HEAD} energy=1 Energy=2\nSi 0 0 0\n", "line 2: the key 'Energy' is given more than once"),
        (f"1\n{HEAD} PBC='T T F' pbc='T T T'\nSi 0 0 0\n", "line 2: the key 'pbc' is given more than once"),
        (f"1\n{HEAD} {HEAD.lower()}\nSi 0 0 0\n", "line 2: the key 'lattice' is given more than once"),
        ('1\nPbc="1 1"\nSi 0 0 0\n', "line 2: pbc: expected three of T and F, got '1 1'"),
        ('1\nlattice="1 2 x"\nSi 0 0 0\n', "line 2: Lattice: expected nine numbers, got '1 2 x'"),
        ("1\n\nT 0 0 0\n", "line 3: unknown element 'T' of atom 0"),
        ("1\n\n1 0 0 0\n", "line 3: unknown element '1' of atom 0"),
        ("1\nProperties=Z:I:1:pos:R:3\n-1 0 0 0\n", "line 3: unknown element -1 of atom 0"),
        (
            "2\nProperties=species:S:1:Z:I:1:pos:R:3\nSi 14 0 0 0\nSi 8 1 1 1\n",
            "line 4: species 'Si' and Z 8 of atom 1 differ",
        ),
        (
            "1\nProperties=species:S:1:pos:R:3:positions:R:3\nSi 0 0 0 0 0 0\n",
            "line 2: Properties: a column is named twice in 'species:S:1:pos:R:3:positions:R:3'",
        ),
        ("1\nunits=bohr\nSi 0 0 0\n", "line 2: units=bohr: expected positions in Å; convert them first"),
        (
            "1\nLength_Unit=au\nSi 0 0 0\n",
            "line 2: Length_Unit=au: expected positions in Å; convert them first",
        ),
        ("1\nfractional=T\nSi 0 0 0\n", "line 2: fractional: expected a Lattice, got 'fractional=T'"),
        (
            "1\n# CELL(abcABC): 9 9 9 90 90 90 cell{atomic_unit} forces{atomic_unit}\nSi 0 0 0\n",
            "line 2: i-PI's comment: expected positions{unit}, got cell, forces",
        ),
        (
            "1\n# CELL(abcABC): 9 9 9 90 90 90 positions{furlong} cell{angstrom}\nSi 0 0 0\n",
            "line 2: i-PI's comment: the unit 'furlong' of positions is not known",
        ),
        (
            "1\n# CELL(abcABC): 9 9 9 90 90 90 positions{angstrom}\nSi 0 0 0\n",
            "line 2: i-PI's comment: expected cell{unit} beside CELL, got none",
        ),
        (
            "1\n# CELL(abcABC): 9 9 9 90 90 positions{angstrom} cell{angstrom}\nSi 0 0 0\n",
            "line 2: i-PI's comment: expected three lengths and three angles behind CELL(abcABC)",
        ),
        (
            "1\n# CELL{H}: 9 0 0 0 9 0 0 0 9 positions{angstrom} cell{angstrom}\nSi 0 0 0\n",
            "line 2: i-PI's comment: expected CELL(abcABC), got CELL(H)",
        ),
    ],
)
def test_siblings_that_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=r"^one\.xyz, frame 0, ") as error:
        one(tmp_path, text)
    assert str(error.value) == f"one.xyz, frame 0, {message}"


def test_units_and_fractions(tmp_path):
    atoms = one(tmp_path, "1\n# CELL(abcABC): 1 2 3 90 90 60 positions{angstrom} cell{nanometer}\nSi 1 2 3\n")
    np.testing.assert_allclose(atoms.cell.cellpar(), [10, 20, 30, 90, 90, 60])
    assert atoms.positions.tolist() == [[1, 2, 3]]
    atoms = one(tmp_path, "1\n# bead: 0 x_centroid{atomic_unit} Step: 3\nSi 1 2 3\n")
    np.testing.assert_allclose(atoms.positions, 0.529177210903 * np.array([[1, 2, 3]]))
    assert not atoms.pbc.any()
    atoms = one(tmp_path, BARE.format(f"{HEAD} Fractional=T"))
    assert atoms.positions.tolist() == [[2.5, 1.5, 0]]
    assert atoms.info == {}
    atoms = one(tmp_path, BARE.format(f'{HEAD} note="positions{{atomic_unit}}" units=Angstrom'))
    assert atoms.positions.tolist() == [[0.5, 0.25, 0]]


def test_what_is_ignored_is_told(tmp_path):
    notes = []
    atoms = one(tmp_path, "1\nat rest\nSi 1 2 3 4 5 6\n", notes)
    assert atoms.info == {"comment": "at rest"}
    assert notes == ["columns behind the fourth, which nothing names, are ignored (frame 0)"]
    notes = []
    atoms = one(tmp_path, BARE.format(f"{HEAD} a=1 a=2"), notes)
    assert atoms.info == {"a": 2}
    assert notes == ["the key 'a' is given more than once; the last counts (frame 0)"]


def test_keys_that_a_user_names(tmp_path):
    path = tmp_path / "two.xyz"
    head = "Properties=species:S:1:pos:R:3:forces:R:3:mine:R:3"
    frame = "1\n" + head + " energy=-1 E_x={} kind=a config_type=b\nSi 0 0 0 1 1 1 2 2 2\n"
    path.write_text(frame.format("-7") + frame.format("none"), encoding="utf-8")
    notes = []
    frames = read(path, energy_key="E_x", forces_key="mine", notes=notes)
    assert [atoms_energy(atoms) for atoms in frames] == [-7, -1]
    assert [atoms_forces(atoms).tolist() for atoms in frames] == [[[2, 2, 2]]] * 2
    assert notes == ["no energy under 'E_x'; what else it has counts (frame 1)"]
    assert load(path, energy_key="E_x", label_key="kind").labels == ("a", "a")
    for argument in ({"energy_key": "E_y"}, {"forces_key": "E_x"}, {"label_key": "kinds"}):
        name = next(iter(argument))
        with pytest.raises(ValueError, match=rf"^{name}: expected a key .*got '\w+'"):
            load(path, **argument)


def test_a_word_before_a_label_is_told(tmp_path):
    notes = []
    atoms = one(tmp_path, BARE.format(f"kinetic energy = 0.5 {HEAD}"), notes)
    assert (atoms_energy(atoms), atoms.info["kinetic"]) == (0.5, True)
    assert notes == ["the word 'kinetic' stands before 'energy' and is read as a flag (frame 0)"]
    for comment in (
        f"energy=0.5 converged {HEAD}",
        f"converged {HEAD} energy=0.5",
        f"kinetic_energy=1 {HEAD}",
    ):
        notes = []
        one(tmp_path, BARE.format(comment), notes)
        assert notes == []

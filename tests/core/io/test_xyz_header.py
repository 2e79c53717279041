"""Tests of the interpretation of comment lines."""

import re

import numpy as np
import pytest

from quests_core import atoms_energy, read
from quests_core.io.dataset import load
from quests_core.io.frame_keys import keyed_content
from tests.core.single_frame import BARE, HEAD, one


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
def test_spellings_of_pbc(tmp_path, comment, pbc):
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
def test_spellings_of_lattice(tmp_path, spelling, value):
    text = f"1\n{spelling} = {value} PROPERTIES=Species:S:1:POS:R:3\nSi 1 2 3\n"
    atoms = one(tmp_path, text)
    assert atoms.cell.array.tolist() == [[5, 0, 0], [0, 6, 0], [0, 0, 7]]
    assert atoms.pbc.all()


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
            "line 2: i-PI's comment: unknown unit 'furlong' of positions",
        ),
        (
            "1\n# CELL(abcABC): 9 9 9 90 90 90 positions{angstrom}\nSi 0 0 0\n",
            "line 2: i-PI's comment: expected cell{unit} with CELL, got none",
        ),
        (
            "1\n# CELL(abcABC): 9 9 9 90 90 positions{angstrom} cell{angstrom}\nSi 0 0 0\n",
            "line 2: i-PI's comment: expected three lengths and three angles after CELL(abcABC)",
        ),
        (
            "1\n# CELL{H}: 9 0 0 0 9 0 0 0 9 positions{angstrom} cell{angstrom}\nSi 0 0 0\n",
            "line 2: i-PI's comment: expected CELL(abcABC), got CELL(H)",
        ),
    ],
)
def test_invalid_headers_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=r"^one\.xyz, frame 0, ") as error:
        one(tmp_path, text)
    assert str(error.value) == f"one.xyz, frame 0, {message}"


@pytest.mark.parametrize(
    ("comment", "info"),
    [
        (" i =        3, time =        1.500, E =       -31.2811615256", {"step": 3, "time": 1.5}),
        (" i =       12, E =       -31.2811615256", {"step": 12}),
    ],
)
def test_energies_of_cp2k_are_converted(tmp_path, comment, info):
    notes = []
    path = tmp_path / "si-pos-1.xyz"
    path.write_text(f"       1\n{comment}\n Si         0.05        0.0        0.0\n")
    (atoms,) = read(path, notes=notes)
    assert atoms.info == info
    assert atoms.get_potential_energy() == pytest.approx(-851.2038, abs=1e-3), "27.211386 eV per Hartree"
    assert notes == [
        "the energy of CP2K is converted from Hartree; the file has no cell, so it is not periodic (frame 0)"
    ]
    made = keyed_content(load(path), np.arange(1), "file", "mace").bytes_of().decode()
    assert float(re.search(r"REF_energy=(\S+)", made)[1]) == atoms.get_potential_energy()
    path.write_text("1\n i = 1, E = -.\nSi 0 0 0\n")
    with pytest.raises(ValueError, match=r"CP2K's comment: expected a number after E =, got '-\.'"):
        read(path)


def test_units_and_fractional_coordinates(tmp_path):
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


def test_ignored_content_is_noted(tmp_path):
    notes = []
    atoms = one(tmp_path, "1\nat rest\nSi 1 2 3 4 5 6\n", notes)
    assert atoms.info == {"comment": "at rest"}
    assert notes == ["columns after the fourth are ignored, as they have no names (frame 0)"]
    notes = []
    atoms = one(tmp_path, BARE.format(f"{HEAD} a=1 a=2"), notes)
    assert atoms.info == {"a": 2}
    assert notes == ["the key 'a' is given more than once; the last value is used (frame 0)"]


def test_a_word_before_a_label_is_noted(tmp_path):
    notes = []
    atoms = one(tmp_path, BARE.format(f"kinetic energy = 0.5 {HEAD}"), notes)
    assert (atoms_energy(atoms), atoms.info["kinetic"]) == (0.5, True)
    assert notes == ["the word 'kinetic' before 'energy' is read as a flag (frame 0)"]
    for comment in (
        f"energy=0.5 converged {HEAD}",
        f"converged {HEAD} energy=0.5",
        f"kinetic_energy=1 {HEAD}",
    ):
        notes = []
        one(tmp_path, BARE.format(comment), notes)
        assert notes == []

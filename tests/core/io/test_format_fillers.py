"""Values that ASE's readers invent are dropped or noted."""

import numpy as np
import pytest
from ase.build import bulk

from quests_core import atoms_energy, atoms_forces, read
from quests_core.io import ase_formats
from quests_core.io.dataset import load
from quests_core.io.read_process import read_in_process
from tests.core.io.test_cases import case

DUMP = """ITEM: TIMESTEP
0
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
0.0 7.0
0.0 6.0
0.0 5.0
ITEM: ATOMS id type {} x y z fx fy fz
1 1 {} 0.5 0.5 0.5 0.1 0.2 0.3
2 2 {} 2.5 0.5 0.5 0.4 0.5 0.6
"""
TYPES = "the file has no elements: types 1, 2, … are read as H, He, …"
MASSES = "elements are guessed from masses"


@pytest.mark.parametrize(
    ("column", "values", "symbols", "notes"),
    [
        ("element", ("Si", "O"), "SiO", []),
        ("q", ("0", "0"), "HHe", [f"{TYPES} (frame 0)"]),
        ("mass", ("28.085", "15.999"), "SiO", [f"{MASSES} (frame 0)"]),
    ],
)
def test_dumps_have_forces_but_no_energy(tmp_path, column, values, symbols, notes):
    path = tmp_path / "x.lammpstrj"
    path.write_text(DUMP.format(column, *values))
    for reader in (read, read_in_process):
        found = []
        (atoms,) = reader(path, notes=found)
        assert str(atoms.symbols) == symbols
        assert atoms_energy(atoms) is None
        np.testing.assert_allclose(atoms_forces(atoms), [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
        assert found == notes


def test_the_case_of_a_dump():
    dataset = load(case("dump_element.lammpstrj"))
    assert [atoms_energy(atoms) for atoms in dataset.frames] == [None] * 4
    assert dataset.has_forces
    assert dataset.notes == ("no frame has an energy",)


@pytest.mark.parametrize("name", ["models_and_END.pdb", "blank_residue_name.pdb"])
def test_the_cases_of_models(name):
    frames = read(case(name))
    assert [str(atoms.symbols) for atoms in frames] == ["NC2O"] * 3
    for atoms in frames:
        assert atoms.pbc.all()
        assert atoms.cell.lengths().tolist() == [10, 10, 10]


ATOM = "ATOM      1  {name:3s} ALA A   1       4.842   2.992   8.140  1.00  0.00          {element:>2s}\n"
CELL = "CRYST1{0:9.3f}{0:9.3f}{0:9.3f}  90.00  90.00  90.00 P 1           1\n"


def pdb(tmp_path, text):
    path = tmp_path / "x.pdb"
    path.write_text(text)
    notes = []
    return read(path, notes=notes), notes


def test_variants_of_models(tmp_path):
    atom = ATOM.format(name="C", element="C")
    frames, notes = pdb(tmp_path, f"{CELL.format(8)}MODEL 1\n{atom}ENDMDL\nMODEL 2\n{atom}{atom}")
    assert [len(atoms) for atoms in frames] == [1, 2]
    assert all(atoms.pbc.all() for atoms in frames)
    assert notes == []
    frames, _ = pdb(tmp_path, f"{CELL.format(8)}{atom}END\n{CELL.format(9)}{atom}END\n")
    assert [atoms.cell.lengths()[0] for atoms in frames] == [8, 9]
    frames, notes = pdb(tmp_path, f"{CELL.format(1)}{atom}TER\nEND\nEND\n")
    assert len(frames) == 1
    assert not frames[0].pbc.any()
    assert notes == ["the placeholder cell of 1 Å is dropped"]
    _, notes = pdb(tmp_path, ATOM.format(name="C", element=""))
    assert notes == ["elements are guessed from atom names (frame 0)"]
    with pytest.raises(ValueError, match=r"^x\.pdb"):
        pdb(tmp_path, "END\n")


def test_lammps_data_without_masses_is_noted(tmp_path):
    path = tmp_path / "x.lammps-data"
    bulk("Cu", cubic=True).write(path, format="lammps-data")
    notes = []
    (atoms,) = read(path, notes=notes)
    assert str(atoms.symbols) == "H4"
    assert notes == [TYPES]


def test_xyz_with_another_suffix_is_read_by_the_same_grammar(tmp_path, monkeypatch):
    monkeypatch.setattr(ase_formats, "filetype", lambda name: "extxyz")
    path = tmp_path / "x.traj"
    comment = 'Lattice="5 0 0 0 5 0 0 0 5" note= energy=-1.5 Properties=species:S:1:pos:R:3'
    path.write_text(f"1\n{comment}\nCu 0 0 0\n")
    (atoms,) = read(path)
    assert atoms_energy(atoms) == -1.5
    assert atoms.info == {"note": ""}

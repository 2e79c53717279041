"""Text dumps of LAMMPS have known values, in the units that they state."""

import numpy as np
import pytest
from ase import Atoms, units

from quests_core import atoms_energy, atoms_forces, read
from tests.core.io import program_outputs as outputs

KCAL = units.kcal / units.mol


def test_a_dump_has_forces_and_no_energy(rng, tmp_path):
    made, _, forces, _ = outputs.frames(rng)
    (tmp_path / "a.lammpstrj").write_text(outputs.dump(made, forces))
    notes = []
    for atoms, own, force in zip(read(tmp_path / "a.lammpstrj", notes=notes), made, forces, strict=True):
        assert atoms.get_chemical_symbols() == ["Na", "Cl"]
        np.testing.assert_allclose(atoms.positions, own.positions, atol=1e-6)
        np.testing.assert_allclose(atoms_forces(atoms), force, atol=1e-6)
        assert atoms_energy(atoms) is None
    assert notes == []
    (tmp_path / "b.lammpstrj").write_text(outputs.dump(made, forces, element=False))
    assert isinstance(read(tmp_path / "b.lammpstrj", notes=notes)[0], Atoms)
    assert notes == ["the file has no elements: types 1, 2, … are read as H, He, … (2 frames, first frame 0)"]


def with_units(text, *styles):
    """Return a dump whose frames state units, as after ``dump_modify units yes``."""
    head, *frames = text.split("ITEM: TIMESTEP")
    styles = styles * len(frames) if len(styles) == 1 else styles
    return head + "".join(
        f"ITEM: UNITS\n{style}\nITEM: TIMESTEP{frame}" for style, frame in zip(styles, frames, strict=True)
    )


@pytest.mark.parametrize(
    ("style", "length", "force", "notes"),
    [
        ("metal", 1.0, 1.0, []),
        ("real", 1.0, KCAL, ["positions and forces are converted from the units 'real' of LAMMPS"]),
        (
            "electron",
            units.Bohr,
            units.Hartree / units.Bohr,
            ["positions and forces are converted from the units 'electron' of LAMMPS"],
        ),
        ("lj", 1.0, 1.0, ["the reduced units of the dump (lj) are read as Å and eV Å⁻¹"]),
    ],
)
def test_the_units_of_a_dump_are_those_it_states(style, length, force, notes, rng, tmp_path):
    made, _, forces, _ = outputs.frames(rng)
    (tmp_path / "a.lammpstrj").write_text(with_units(outputs.dump(made, forces), style))
    found = []
    for atoms, own, own_force in zip(read(tmp_path / "a.lammpstrj", notes=found), made, forces, strict=True):
        np.testing.assert_allclose(atoms.positions, own.positions * length, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(atoms_forces(atoms), own_force * force, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(atoms.cell.lengths(), own.cell.lengths() * length, rtol=1e-5)
    assert found == notes


@pytest.mark.parametrize(
    ("styles", "match"),
    [(("metal", "real"), "the same units throughout"), (("furlongs",), "expected one of metal")],
)
def test_units_that_cannot_be_used_are_refused(styles, match, rng, tmp_path):
    made, _, forces, _ = outputs.frames(rng)
    (tmp_path / "a.lammpstrj").write_text(with_units(outputs.dump(made, forces), *styles))
    with pytest.raises(ValueError, match=rf"^a\.lammpstrj: cannot be read: ITEM: UNITS: .*{match}"):
        read(tmp_path / "a.lammpstrj")


@pytest.mark.parametrize("n_characters", [12, 30, 130, 200])
def test_a_last_frame_that_a_killed_run_left_incomplete_is_left_out(n_characters, rng, tmp_path):
    made, _, forces, _ = outputs.frames(rng, 3)
    (tmp_path / "a.lammpstrj").write_text(outputs.dump(made, forces)[:-n_characters])
    notes = []
    assert len(read(tmp_path / "a.lammpstrj", notes=notes)) == 2
    assert notes == ["the last frame is incomplete and left out (frame 2)"]


def test_a_frame_without_some_of_its_atoms_is_refused(rng, tmp_path):
    made, _, forces, _ = outputs.frames(rng, 2)
    lines = outputs.dump(made, forces).splitlines(keepends=True)
    assert lines[9].startswith("1 Na")
    for kept in (lines[:9] + lines[10:], lines[:10]):
        (tmp_path / "a.lammpstrj").write_text("".join(kept))
        with pytest.raises(ValueError, match=r"frame 0: 2 atoms are announced, 1 found$"):
            read(tmp_path / "a.lammpstrj")

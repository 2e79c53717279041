"""Tests of editing frames as text: other text is unchanged, and numbers are exact."""

import io

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import read

from quests_core.io.extxyz_frame import FrameText
from quests_core.io.frame_writer import frame_bytes

UGLY = (
    b'2\n  Lattice="4 0 0 0 4 0 0 0 4"  note=\'a "b" = c\' energy =  -1.2300 virial={1 0 0 0 1 0 0 0 1} '
    b'Properties=species:S:1:pos:R:3:forces:R:3 flag config_type="liquid \\"hot\\"" pbc="T T F"\n'
    b"Cu  0.00 0.10  1e-3   1.50 0.00 -0.0\nAg  1.00 0.10  1e-3   2.50 0.00 -0.0  # more\n"
)


def parsed(data):
    return read(io.StringIO(data.decode()), format="extxyz")


def test_unchanged_text_is_kept():
    frame = FrameText.of(UGLY)
    again = frame.to_bytes()
    assert again.splitlines()[2:] == UGLY.splitlines()[2:]
    before, after = parsed(UGLY), parsed(again)
    assert str(before.info) == str(after.info)
    assert after.get_potential_energy() == -1.23
    assert frame.get("config_type") == 'liquid "hot"'
    assert frame.get("note") == 'a "b" = c'
    assert frame.get("absent") is None


def test_renamed_keys_keep_their_text():
    frame = FrameText.of(UGLY)
    frame.rename("energy", "REF_energy")
    frame.rename_column("forces", "REF_forces")
    assert frame.has_column("REF_forces")
    after = parsed(frame.to_bytes())
    assert b"-1.2300" in frame.to_bytes()
    assert after.calc is None
    assert after.info["REF_energy"] == -1.23
    np.testing.assert_array_equal(after.arrays["REF_forces"], parsed(UGLY).get_forces())


def test_a_new_column_follows_the_named_ones():
    frame = FrameText.of(UGLY)
    frame.add_column("mine", "R", ["0.5", "-2"])
    frame.set("rank", "3")
    frame.set("config_type", 'with "quotes" = and space')
    after = parsed(frame.to_bytes())
    assert after.arrays["mine"].tolist() == [0.5, -2]
    np.testing.assert_array_equal(after.get_forces(), parsed(UGLY).get_forces())
    assert after.info["rank"] == 3
    assert after.info["config_type"] == 'with "quotes" = and space'


def test_a_plain_xyz_file_gets_properties():
    frame = FrameText.of(b"1\r\nwater at noon\r\nO 0 0 0\r\n")
    frame.add_column("mine", "R", ["1.5"])
    data = frame.to_bytes()
    assert data.endswith(b"O 0 0 0 1.5\r\n")
    after = parsed(data)
    assert after.arrays["mine"].tolist() == [1.5]
    assert after.info["water"]


def test_a_missing_column_cannot_be_replaced():
    with pytest.raises(KeyError):
        FrameText.of(UGLY).replace_column("charge", [1, 2])


def test_numbers_are_read_back_to_the_last_bit(rng):
    atoms = bulk("Cu", cubic=True)
    atoms.positions += rng.normal(size=(4, 3)) * 10.0 ** rng.integers(-12, 3, size=(4, 3))
    atoms.cell[:] += rng.normal(size=(3, 3))
    atoms.info.update(config_type="a b", weight=1 / 3, vector=rng.normal(size=3), n=4)
    atoms.arrays["mine"] = rng.normal(size=(4, 2))
    atoms.arrays["kind"] = np.array([1, 2, 3, 4])
    atoms.set_constraint(FixAtoms([1]))
    stress = rng.normal(size=6)
    atoms.calc = SinglePointCalculator(
        atoms, energy=-1 / 7, forces=rng.normal(size=(4, 3)) * 1e-9, stress=stress
    )
    after = parsed(frame_bytes(atoms))
    np.testing.assert_array_equal(after.positions, atoms.positions)
    np.testing.assert_array_equal(after.cell.array, atoms.cell.array)
    for name in ("mine", "kind"):
        np.testing.assert_array_equal(after.arrays[name], atoms.arrays[name])
    np.testing.assert_array_equal(after.get_forces(apply_constraint=False), atoms.calc.results["forces"])
    np.testing.assert_array_equal(after.get_stress(), stress)
    assert after.get_potential_energy() == -1 / 7
    assert after.info["weight"] == 1 / 3
    assert after.constraints[0].index.tolist() == [1]


def test_a_single_atom_without_keys():
    assert parsed(frame_bytes(Atoms("H"))).positions.tolist() == [[0, 0, 0]]

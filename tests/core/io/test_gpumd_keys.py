"""Files for GPUMD."""

import re

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from quests_core import atoms_energy, atoms_forces, read
from quests_core.io.dataset import load
from quests_core.io.frame_keys import keyed_content
from quests_core.io.program_keys import GPUMD


def as_gpumd_reads(block):
    """Return the labels that GPUMD's reader takes from a frame, with its rules."""
    n, comment, *lines = block.splitlines()
    tokens = comment.lower().split()
    found = {}
    for i, token in enumerate(tokens):
        for key, count in (("lattice", 9), ("virial", 9), ("stress", 9), ("energy", 1), ("properties", 1)):
            if token.startswith(f"{key}="):
                found[key] = " ".join(tokens[i : i + count]).removeprefix(f"{key}=").strip('"')
    columns = found["properties"].split(":")
    names, widths = columns[::3], [int(width) for width in columns[2::3]]
    start = sum(widths[: names.index("force")])
    rows = [line.split() for line in lines[: int(n)]]
    assert {len(row) for row in rows} == {sum(widths)}
    return {
        "energy": float(found["energy"]),
        "force": np.array([row[start : start + 3] for row in rows], dtype=float),
        **{
            key: np.array(found[key].split(), dtype=float)
            for key in ("lattice", "virial", "stress")
            if key in found
        },
    }


@pytest.fixture
def frames(rng):
    frames = []
    for i in range(3):
        atoms = bulk("Cu", cubic=True)
        atoms.positions += 0.1 * rng.normal(size=(4, 3))
        stress = 0.01 * rng.normal(size=6)
        atoms.calc = SinglePointCalculator(
            atoms, energy=-10.0 - i / 3, forces=rng.normal(size=(4, 3)), **({"stress": stress} if i else {})
        )
        frames.append(atoms)
    return frames


@pytest.fixture
def dataset(frames, tmp_path):
    write(tmp_path / "train.xyz", frames, format="extxyz")
    return load(tmp_path / "train.xyz")


def test_gpumd_and_this_library_read_back_the_same_labels(dataset, frames, tmp_path):
    made = keyed_content(dataset, np.arange(3), "file", GPUMD)
    path = tmp_path / "nep.xyz"
    path.write_bytes(made.bytes_of())
    for i, (atoms, block) in enumerate(zip(read(path), made.blocks, strict=True)):
        before, found = dataset.frames[i], as_gpumd_reads(block.decode())
        assert found["energy"] == atoms_energy(atoms) == atoms_energy(before)
        np.testing.assert_array_equal(found["force"], atoms_forces(before))
        np.testing.assert_array_equal(atoms_forces(atoms), atoms_forces(before))
        np.testing.assert_array_equal(found["lattice"], before.cell.array.ravel())
        assert "stress" not in found
        if i:
            expected = -before.cell.volume * frames[i].get_stress(voigt=False)
            np.testing.assert_allclose(found["virial"].reshape(3, 3), expected, rtol=1e-7)
        else:
            assert "virial" not in found
    assert made.notes[:2] == (
        "2 frames with a stress: it is written as the virial −V σ.",
        "1 frame without virial (frame 0).",
    )


def test_the_labels_of_the_library_are_those_of_gpumd(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(
        '1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:force:R:3:REF_forces:R:3 Energy=5 '
        'REF_energy=-2.50 REF_virials="1.0 2 3 2 4 5 3 5 6.10" stress="1 1 1 0 0 0"\n'
        "Cu 0 0 0 9 9 9 0.10 0 0\n"
    )
    text = keyed_content(load(path), np.array([0]), "file", GPUMD).bytes_of().decode()
    found = as_gpumd_reads(text)
    assert found["energy"] == -2.5
    assert found["virial"].tolist() == [1, 2, 3, 2, 4, 5, 3, 5, 6.1]
    assert found["force"].tolist() == [[0.1, 0, 0]]
    assert not re.search(r"(^|\s)(stress|Energy)=", text)


def test_numbers_keep_their_digits(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(
        '1\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:forces:R:3 energy=-2.50 '
        'virial="1.0 2 3 2 4 5 3 5 6.10" pbc="T T T"\nCu 0 0 0 0.10 0 0\n'
    )
    made = keyed_content(load(path), np.array([0]), "file", GPUMD)
    assert made.bytes_of().decode() == path.read_text().replace("forces", "force")


@pytest.mark.parametrize(("cell", "labels", "missing"), [
    ('Lattice="9 0 0 0 9 0 0 0 9"', "", "no energy"),
    ('pbc="F F F"', "energy=-1", "no lattice"),
])  # fmt: skip
def test_what_nep_cannot_read_is_refused(cell, labels, missing, tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(f"1\n{cell} Properties=species:S:1:pos:R:3:forces:R:3 {labels}\nCu 0 0 0 0 0 0\n")
    with pytest.raises(ValueError, match=f"frame 0: expected lattice, energy and forces.*got {missing}"):
        keyed_content(load(path), np.array([0]), "file", GPUMD)


def test_frames_that_are_not_periodic_are_noted(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(
        '1\nLattice="9 0 0 0 9 0 0 0 9" pbc="T T F" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1\n'
        "Cu 0 0 0 0 0 0\n"
    )
    notes = keyed_content(load(path), np.array([0]), "file", GPUMD).notes
    assert any("1 frame (frame 0) not periodic in all directions" in note for note in notes)

"""Frames with and without faults, and their findings."""

import numpy as np
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from quests_core import Environments, descriptors
from quests_core.health import check
from quests_core.io.dataset import load


def good_frames(rng, n=40):
    """Return frames without faults."""
    frames = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.positions += 0.05 * rng.normal(size=atoms.positions.shape)
        forces = rng.normal(size=(len(atoms), 3))
        frames.append(label(atoms, rng, forces - forces.mean(axis=0)))
    return frames


def label(atoms, rng, forces=None, energy=None, name="bulk"):
    forces = np.zeros((len(atoms), 3)) if forces is None else forces
    energy = (-3.5 + 0.01 * rng.normal()) * len(atoms) if energy is None else energy
    atoms.info["config_type"] = name
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
    return atoms


_described: dict[tuple, np.ndarray] = {}


def described(frames):
    """Return the descriptors of frames; most structures are those of other tests, too."""
    found = []
    for atoms in frames:
        key = tuple(part.tobytes() for part in (atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc))
        if key not in _described:
            _described[key] = descriptors([atoms]).X
        found.append(_described[key])
    return Environments.from_frames(found)


def checked(frames, tmp_path, species=False):
    """Return the findings about frames, by kind."""
    path = tmp_path / "file.xyz"
    write(path, frames, format="extxyz")
    dataset = load(path)
    found = check(dataset, described(dataset.frames), 5.0, species=species)
    assert len({finding.kind for finding in found}) == len(found)
    return {finding.kind: finding for finding in found}


def without_label(atoms, rng):
    del atoms.info["config_type"]


def extreme_force(atoms, rng):
    atoms.calc.results["forces"][3] += [40, 0, 0]
    atoms.calc.results["forces"][4] -= [40, 0, 0]


def assert_found(rng, tmp_path, fault, kind):
    """Assert that a fault in two frames is the only finding."""
    frames = good_frames(rng)
    for i in (7, 21):
        fault(frames[i], rng)
    found = checked(frames, tmp_path)
    assert set(found) == {kind}
    assert found[kind].frames == (7, 21)

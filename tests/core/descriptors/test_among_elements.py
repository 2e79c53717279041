"""Atoms among those of one element are described as in a structure of these alone."""

import numpy as np
from ase.build import bulk

from quests_core import descriptors
from quests_core.descriptors.among_elements import describe_among


def test_atoms_of_an_element_are_described_as_without_the_others(rng):
    atoms = bulk("Cu", cubic=True, a=3.8).repeat((2, 2, 1))
    atoms.symbols = np.where(rng.random(len(atoms)) < 0.5, "Cu", "Au")
    atoms.rattle(0.1, seed=0)
    elements, k, cutoff = np.array([29, 79, 92]), 8, 4.0
    blocks = np.zeros((len(elements), len(atoms), 2 * k - 1))
    cell, numbers = atoms.cell.array.astype(float), atoms.numbers.astype(np.int64)
    describe_among(
        np.ascontiguousarray(atoms.positions), cell, atoms.pbc, numbers, elements, k, cutoff, blocks
    )
    for block, number in zip(blocks[:2], elements, strict=False):
        alone = atoms[atoms.numbers == number]
        np.testing.assert_allclose(
            block[atoms.numbers == number], descriptors([alone], k, cutoff).X, atol=1e-12
        )
    assert not blocks[2].any(), "an element that does not occur"

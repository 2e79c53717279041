"""Structures with all kinds of cells, and their descriptors."""

import numpy as np
from ase import Atoms
from ase.build import bulk, graphene, molecule

from quests_core import descriptors
from tests import naive

K, CUTOFF = 12, 4.0


def _random(seed, n, cell, pbc=True, symbols="C", lowest=1.1):
    """Place n atoms in a cell at distances above `lowest`, including periodic images."""
    rng = np.random.default_rng(seed)
    atoms = Atoms(cell=cell, pbc=pbc)
    while len(atoms) < n:
        trial = atoms + Atoms(rng.choice(list(symbols)), [rng.uniform(0, 1, 3) @ np.array(cell)])
        if len(trial) < 2 or trial.get_distances(len(trial) - 1, range(len(atoms)), mic=True).min() > lowest:
            atoms = trial
    return atoms


def disordered():
    """Return structures without symmetry, so that no distances are equal, by name."""
    box = np.diag([4.1, 5.3, 6.2])
    triclinic = np.array([[5.0, 0.3, -0.2], [2.1, 4.4, 0.1], [-1.3, 1.8, 4.9]])
    skewed = np.array([[1, 0, 0], [3, 1, 0], [-2, 4, 1]]) @ triclinic
    ethanol = molecule("CH3CH2OH")
    ethanol.rattle(0.05, seed=4)
    return {
        "box": _random(1, 6, box),
        "triclinic": _random(2, 6, triclinic),
        "very skewed": _random(3, 5, skewed),
        "left-handed": _random(4, 5, triclinic[[1, 0, 2]]),
        "one atom": _random(5, 1, triclinic * 0.6),
        "thin along a": _random(6, 3, np.diag([1.4, 6.0, 7.0])),
        "thin along two": _random(7, 2, np.array([[1.5, 0, 0], [0.4, 1.7, 0], [3.0, 1.0, 9.0]])),
        "much larger than the cutoff": _random(8, 12, np.diag([25.0, 21.0, 30.0])),
        "several bins an axis": _random(9, 90, np.diag([13.0, 11.5, 12.2])),
        "slab": _random(10, 8, np.diag([4.5, 5.1, 20.0]) * [1, 1, 0.3], (True, True, False)),
        "wire": _random(11, 5, triclinic, (False, True, False)),
        "slanted slab": _random(12, 6, triclinic, (True, False, True)),
        "molecule": ethanol,
        "cluster in a box": _random(13, 9, box, False),
        "mixture": _random(14, 9, triclinic, True, ["C", "H", "O"]),
    }


def crystals():
    """Return perfect crystals, whose shells of equal distances are divided by most k, by name."""
    slab = bulk("Cu", a=3.58, cubic=True).repeat((1, 1, 2))
    slab.pbc = (True, True, False)
    return {
        "fcc": bulk("Cu", a=3.58),
        "fcc cubic": bulk("Cu", a=3.58, cubic=True),
        "bcc": bulk("Mo", "bcc", a=3.16),
        "diamond": bulk("C", "diamond", a=3.57),
        "hcp": bulk("Mg", "hcp", a=3.2, c=5.2),
        "graphene": graphene(vacuum=5.0),
        "fcc slab": slab,
        "rock salt": bulk("NaCl", "rocksalt", a=4.2),
    }


DISORDERED, CRYSTALS = disordered(), crystals()
STRUCTURES = DISORDERED | CRYSTALS


def describe(atoms, k=K, cutoff=CUTOFF):
    return descriptors([atoms], k=k, cutoff=cutoff).X


def naive_descriptor(atoms, k=K, cutoff=CUTOFF):
    return naive.descriptor(atoms.positions, atoms.cell.array, atoms.pbc, k, cutoff)

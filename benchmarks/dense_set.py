"""A dense set: a bcc alloy at several temperatures and strains, ``alloy(40_000)``.

Every environment is within the kernel's reach of most others, as in any set of one crystal family. Frames are
ideal 2×2×2 to 3×3×3 cells of equimolar MoNbTaW, strained at random and displaced as a harmonic crystal is at
each temperature.
"""

import numpy as np
from ase import Atoms
from ase.build import bulk

ELEMENTS = ("Mo", "Nb", "Ta", "W")
LATTICE_CONSTANT = 3.24
# K, and the root mean square displacement along one axis at each, Å.
TEMPERATURES = {300: 0.02, 600: 0.03, 1200: 0.04, 2400: 0.06}
MAX_STRAIN = 0.01


def alloy(n_environments: int, seed: int = 0) -> list[Atoms]:
    """Return frames with at least `n_environments` atoms in total; label: the temperature."""
    rng = np.random.default_rng(seed)
    displacements = list(TEMPERATURES.items())
    frames, n = [], 0
    while n < n_environments:
        temperature, displacement = displacements[len(frames) % len(displacements)]
        repeats = rng.choice([(2, 2, 2), (2, 2, 3), (2, 3, 3), (3, 3, 3)])
        atoms = bulk("Mo", "bcc", LATTICE_CONSTANT, cubic=True).repeat(tuple(repeats))
        atoms.symbols[:] = rng.choice(ELEMENTS, len(atoms))
        strain = rng.uniform(-MAX_STRAIN, MAX_STRAIN, (3, 3))
        atoms.set_cell(atoms.cell @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
        atoms.positions += rng.normal(scale=displacement, size=(len(atoms), 3))
        atoms.info["config_type"] = f"{temperature}K"
        frames.append(atoms)
        n += len(atoms)
    return frames

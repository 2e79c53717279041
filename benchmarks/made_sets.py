"""Small sets of structures made from a seed, for where no measured set is at hand.

They are no data of simulations, but crystals, surfaces and molecules whose atoms are displaced at random.
They have the redundancy of typical training sets: many copies of few structures, and few structures that are
far from all others. Each is a family of its own.
"""

from collections.abc import Callable

import numpy as np
from ase import Atoms
from ase.build import add_adsorbate, bcc110, bulk, fcc111, hcp0001, molecule

_FCC = ("Al", "Ni", "Cu", "Pd", "Ag", "Pt", "Au", "Pb", "Ca", "Sr", "Rh", "Ir")
_BCC = ("Li", "Na", "K", "V", "Cr", "Fe", "Nb", "Mo", "Ta", "W", "Ba", "Rb")
_HCP = ("Be", "Mg", "Sc", "Ti", "Co", "Zn", "Y", "Zr", "Ru", "Re", "Hf", "Os")
_MOLECULES = ("CH4", "NH3", "H2O", "C2H6", "CH3CH2OH", "C6H6", "CH3COOH", "C2H4", "HCN", "CO2", "CH3NO2")
_SEMICONDUCTORS = (("Ge", "diamond", 5.66), ("GaAs", "zincblende", 5.65), ("ZnS", "zincblende", 5.41),
                   ("NaCl", "rocksalt", 5.64), ("MgO", "rocksalt", 4.21))  # fmt: skip


def _displaced(atoms: Atoms, amplitude: float, rng: np.random.Generator) -> Atoms:
    """Return a copy with normally distributed displacements, Å."""
    atoms = atoms.copy()
    atoms.positions += rng.normal(0, amplitude, atoms.positions.shape)
    return atoms


def _strained(atoms: Atoms, size: float, rng: np.random.Generator) -> Atoms:
    """Return a copy of a crystal with a random strain."""
    atoms = atoms.copy()
    atoms.set_cell(atoms.cell[:] @ (np.eye(3) + rng.normal(0, size, (3, 3))), scale_atoms=True)
    return atoms


def bcc_alloy(rng: np.random.Generator) -> list[Atoms]:
    """Return a bcc alloy: snapshots at four amplitudes, vacancies, strains, and a few melts."""
    frames = []
    for amplitude, count in ((0.03, 90), (0.1, 60), (0.2, 30), (0.6, 6)):
        for _ in range(count):
            atoms = bulk("Nb", "bcc", a=3.25, cubic=True) * (3, 3, 2)
            atoms.symbols[rng.random(len(atoms)) < 0.5] = "Mo"
            if rng.random() < 0.15:
                del atoms[int(rng.integers(len(atoms)))]
            frames.append(_displaced(_strained(atoms, 0.01, rng), amplitude, rng))
    return frames


def pure_metals(rng: np.random.Generator) -> list[Atoms]:
    """Return small cells of 36 elements, each with a few strains and displacements."""
    frames = []
    for elements, lattice in ((_FCC, "fcc"), (_BCC, "bcc"), (_HCP, "hcp")):
        for element in elements:
            cell = bulk(element, lattice) * ((2, 2, 2) if lattice != "hcp" else (2, 2, 1))
            amplitudes = rng.choice([0.01, 0.05, 0.15], 6)
            frames += [_displaced(_strained(cell, 0.02, rng), amplitude, rng) for amplitude in amplitudes]
    return frames


def semiconductors(rng: np.random.Generator) -> list[Atoms]:
    """Return supercells of five semiconductors and salts, cold to nearly molten."""
    frames = []
    for name, lattice, a in _SEMICONDUCTORS:
        for count, amplitude in ((20, 0.02), (14, 0.08), (6, 0.25)):
            cell = bulk(name, lattice, a=a, cubic=True) * (2, 2, 1)
            frames += [_displaced(_strained(cell, 0.01, rng), amplitude, rng) for _ in range(count)]
    return frames


def molecules(rng: np.random.Generator) -> list[Atoms]:
    """Return distorted small molecules without a cell."""
    frames = []
    for name in _MOLECULES:
        for amplitude, count in ((0.02, 16), (0.05, 10), (0.15, 4)):
            frames += [_displaced(molecule(name), amplitude, rng) for _ in range(count)]
    return frames


def slabs(rng: np.random.Generator) -> list[Atoms]:
    """Return metal surfaces, some with an adsorbed molecule, some far above."""
    frames = []
    clean = (
        fcc111("Pt", (2, 2, 4), vacuum=7),
        bcc110("Fe", (2, 2, 4), vacuum=7),
        hcp0001("Ru", (2, 2, 4), vacuum=7),
    )
    for slab in clean:
        for _ in range(45):
            atoms = slab.copy()
            if rng.random() < 0.6:
                site = rng.random(2) @ atoms.cell[:2, :2]
                add_adsorbate(
                    atoms, molecule(rng.choice(["CO", "OH", "N2"])), rng.uniform(1.5, 5), position=site
                )
            frames.append(_displaced(atoms, rng.choice([0.02, 0.06, 0.15]), rng))
    return frames


def trajectory(rng: np.random.Generator) -> list[Atoms]:
    """Return a trajectory: consecutive frames differ little; the temperature rises, and one atom leaves."""
    atoms, frames = bulk("Al", "fcc", a=4.05, cubic=True) * (2, 2, 2), []
    ideal, shift = atoms.positions.copy(), np.zeros((len(atoms), 3))
    for step in range(200):
        amplitude = 0.03 + 0.12 * step / 200
        shift = 0.95 * shift + np.sqrt(1 - 0.95**2) * rng.normal(0, amplitude, shift.shape)
        moved = atoms.copy()
        moved.positions = ideal + shift
        if step > 190:
            moved.positions[0] += 0.15 * (step - 190)
        frames.append(moved)
    return frames


MADE_SETS: dict[str, Callable[[np.random.Generator], list[Atoms]]] = {
    f"made_{function.__name__}": function
    for function in (bcc_alloy, pure_metals, semiconductors, molecules, slabs, trajectory)
}


def made_set(name: str, seed: int = 0) -> list[Atoms]:
    """Return the frames of one of `MADE_SETS`."""
    return MADE_SETS[name](np.random.default_rng([seed, *name.encode()]))

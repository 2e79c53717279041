"""Checks of the cells, positions and compositions of a data set."""

import hashlib

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from ..environments import Environments
from ..io.dataset import DataSet
from ..io.isolated import ISOLATION_DISTANCE
from ..utils.neighbor_pairs import neighbor_pairs
from .finding import ERROR, INFO, WARNING, Finding, finding

# Two atoms overlap if they are closer than this fraction of the sum of their covalent radii.
OVERLAP = 0.5
NEAR = 1e-6


def cells(frames: list[Atoms], cutoff: float) -> list[Finding]:
    """Find flat, left-handed and thin cells, and frames with different periodic axes."""
    flat, left, thin = [], [], []
    for i, atoms in enumerate(frames):
        if not atoms.pbc.any():
            continue
        cell = np.asarray(atoms.cell)
        lengths, volume = np.linalg.norm(cell, axis=1), float(np.linalg.det(cell))
        if atoms.pbc.all() and abs(volume) < 0.02 * max(float(np.prod(lengths)), 1e-12):
            flat.append(i)
        elif volume < 0:
            left.append(i)
        if volume:
            heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
            if (heights[atoms.pbc] < cutoff).any():
                thin.append(i)
    return (
        finding(
            "flat cells", ERROR, flat, "Almost no volume",
            "The three cell vectors are nearly in one plane (volume below 2 % of the product of their "
            "lengths), which is very likely a mistake.", True,
        )
        + finding(
            "left-handed cells", INFO, left, "Left-handed cell",
            "The determinant of the cell is negative. Results here are correct, but some programs reject it.",
        )
        + finding(
            "thin cells", INFO, thin, "Cell thinner than the cutoff",
            f"A perpendicular height is below the cutoff of {cutoff:g} Å, so atoms are their own neighbours. "
            "This is handled correctly, and common for small cells.",
        )
        + _mixed_periodicity(frames)
    )  # fmt: skip


def _mixed_periodicity(frames: list[Atoms]) -> list[Finding]:
    kinds = np.array([int(atoms.pbc @ (1, 2, 4)) for atoms in frames])
    # Isolated atoms are often non-periodic in otherwise periodic data sets.
    many = np.array([len(atoms) > 1 for atoms in frames])
    if not many.any() or len(np.unique(kinds[many])) < 2:
        return []
    usual = np.bincount(kinds[many]).argmax()
    return finding(
        "mixed periodicity", INFO, np.flatnonzero(many & (kinds != usual)), "Uncommon periodic axes",
        "Structures with different periodic axes are mixed; make sure that this is intended.",
    )  # fmt: skip


def duplicates(frames: list[Atoms], envs: Environments) -> list[Finding]:
    """Find frames with the same structure as an earlier one, and frames with the same environments."""
    seen: dict[bytes, int] = {}
    exact = [i for i, atoms in enumerate(frames) if seen.setdefault(_content(atoms), i) != i]
    near = sorted(set(same_environments(envs, [atoms.numbers for atoms in frames])) - set(exact))
    return finding(
        "duplicates", WARNING, exact, "Exact duplicates",
        "Elements, positions and cell equal those of an earlier frame. Copies add no information; excluding "
        "these frames keeps the first of each.", True,
    ) + finding(
        "near duplicates", INFO, near, "Same environments as an earlier frame",
        "All descriptors agree within 10⁻⁶ Å⁻¹ with those of an earlier frame of the same composition: the "
        "structure is probably rotated, mirrored, translated or renumbered, or, where elements are not "
        "distinguished, has elements exchanged. Excluding these frames keeps the first of each.", True,
    )  # fmt: skip


def _content(atoms: Atoms) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    parts = (atoms.numbers.astype(np.int32), atoms.positions, np.asarray(atoms.cell), atoms.pbc)
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.digest()


def same_environments(envs: Environments, numbers: list[np.ndarray]) -> list[int]:
    """Return the frames whose environments equal those of an earlier frame in some order.

    Means over the rows of a frame do not depend on their order; only frames whose means nearly agree are
    compared row by row.
    """
    if len(envs) < 2:
        return []
    sizes = envs.sizes
    means = np.add.reduceat(envs.X, envs.offsets[:-1], axis=0) / sizes[:, None]
    weights = np.random.default_rng(0).normal(size=means.shape[1])
    key = means @ weights
    slack = NEAR * np.abs(weights).sum()
    order = np.lexsort((np.arange(len(envs)), key))
    found: set[int] = set()
    for place, i in enumerate(order):
        if i in found:
            continue
        for j in order[place + 1 :]:
            if key[j] - key[i] > slack:
                break
            later = max(i, j)
            if later in found or sizes[i] != sizes[j] or np.abs(means[i] - means[j]).max() > NEAR:
                continue
            if np.array_equal(np.sort(numbers[i]), np.sort(numbers[j])) and _alike(envs[i], envs[j]):
                found.add(int(later))
    return sorted(found)


def _alike(A: np.ndarray, B: np.ndarray) -> bool:
    """Return whether the rows of A and B agree in some order."""
    # Rounded, so that noise does not affect the order of equal values.
    sorted_A, sorted_B = (M[np.lexsort(np.round(M, 5).T)] for M in (A, B))
    return bool(np.abs(sorted_A - sorted_B).max() <= NEAR)


def isolated_atoms(dataset: DataSet, envs: Environments) -> list[Finding]:
    """Find isolated atoms, unlabelled ones among them, and atoms without neighbours."""
    alone = envs.X[:, 0] == 0 if envs.X.shape[1] else np.zeros(envs.n_envs, dtype=bool)
    without = [i for i in np.unique(envs.frame_index[alone]) if i not in dataset.locked]
    sizes = envs.sizes
    unlabelled = [i for i in dataset.locked if dataset.labels[i] != "IsolatedAtom" and sizes[i] == 1]
    return (
        finding(
            "isolated atoms", INFO, dataset.locked, "Isolated atoms",
            "Locked by default, as potentials need them as energy references.",
        )
        + finding(
            "unlabelled atoms", WARNING, unlabelled, "Isolated atoms not marked as such",
            f"A single atom whose nearest image is beyond {ISOLATION_DISTANCE:g} Å, or whose label is spelt "
            "differently, is not labelled config_type=IsolatedAtom, by which MACE finds energy references.",
        )
        + finding(
            "no neighbours", WARNING, without, "Atoms without a neighbour",
            "At least one atom has no other within the cutoff, so its descriptor is zero: the atom has "
            "evaporated, the cell is wrong, or the cutoff is below the distance between neighbours.", True,
        )
    )  # fmt: skip


def overlaps(frames: list[Atoms], envs: Environments, cutoff: float) -> list[Finding]:
    """Find frames with two atoms closer than half the sum of their covalent radii."""
    # The first component of X1 is w(r)/r of the nearest neighbour, which decreases with r: neighbours are
    # searched only in frames with a pair close enough for their largest atoms to overlap.
    nearest = np.maximum.reduceat(envs.X[:, 0], envs.offsets[:-1])
    found = []
    for i, atoms in enumerate(frames):
        reach = 2 * OVERLAP * float(covalent_radii[atoms.numbers].max())
        weight = max(0.0, 1 - (reach / cutoff) ** 2) ** 2
        if nearest[i] >= (1 - 1e-9) * weight / reach and _overlap(atoms, reach):
            found.append(i)
    return finding(
        "overlapping atoms", ERROR, found, "Overlapping atoms",
        "Two atoms, including periodic images, are closer than half the sum of their covalent radii: "
        "almost always a mistake in positions or cell.", True,
    )  # fmt: skip


def _overlap(atoms: Atoms, reach: float) -> bool:
    first, second, distance = neighbor_pairs(atoms, reach)
    radii = covalent_radii[atoms.numbers]
    return bool((distance < OVERLAP * (radii[first] + radii[second])).any())


def compositions(dataset: DataSet, species: bool = False) -> list[Finding]:
    """Find frames with another set of elements than most.

    `species` says whether the descriptors distinguish elements.
    """
    if len(dataset.elements) < 2:
        return []
    sets = [frozenset(atoms.numbers.tolist()) for atoms in dataset.frames]
    usual = max(set(sets), key=sets.count)
    return finding(
        "mixed elements", INFO, (i for i, s in enumerate(sets) if s != usual), "Mixed elements",
        "The file contains frames with different sets of elements. "
        + (
            "The descriptor distinguishes elements, so environments of different elements differ; "
            if species
            else "The descriptor holds distances only and does not distinguish elements; "
        )
        + "make sure that comparing these frames is intended.",
    )  # fmt: skip

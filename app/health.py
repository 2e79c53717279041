"""What looks wrong in a data set, each with the frames it names; no screen.

Every check is a function of the data that returns findings; `check` runs them all.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

from quests_core import Environments, atoms_energy, atoms_forces

from .analysis import DataSet
from .format import plural

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)
# Two atoms nearer than this share of the sum of their covalent radii overlap.
OVERLAP = 0.5
EXTREME_FORCE = 30.0
NET_FORCE = 0.1
ROBUST_Z = 8.0
NEAR = 1e-6
_ENERGY_KEYS = ("REF_energy", "energy", "free_energy", "dft_energy", "DFT_energy")


@dataclass(frozen=True)
class Finding:
    """Something that looks wrong, or that one should know.

    Attributes
    ----------
    kind : str
        Which check found it.
    severity : {"error", "warning", "info"}
        Whether results suffer, may suffer, or do not.
    title, explanation : str
        What it is, and what to do about it.
    frames : tuple of int
        The frames it is about, rising.
    removable : bool
        Whether excluding these frames is a sensible remedy.
    """

    kind: str
    severity: str
    title: str
    explanation: str
    frames: tuple[int, ...]
    removable: bool = False


def check(dataset: DataSet, envs: Environments, cutoff: float, progress=None) -> list[Finding]:
    """Return everything that looks wrong in a data set, the gravest first.

    Parameters
    ----------
    dataset : DataSet
        The file.
    envs : Environments
        Its default descriptors: a row whose first value is 0 has no neighbour.
    cutoff : float
        Å.
    progress : Progress, optional
        Told after each check; ends the work where it is cancelled.
    """
    frames = dataset.frames
    checks = (
        lambda: labels(dataset),
        lambda: energies(frames),
        lambda: forces(dataset, envs),
        lambda: net_forces(frames),
        lambda: cells(frames, cutoff),
        lambda: duplicates(frames, envs),
        lambda: lonely(dataset, envs),
        lambda: overlaps(frames, envs, cutoff),
        lambda: compositions(dataset),
    )
    found: list[Finding] = []
    for done, run in enumerate(checks):
        found += run()
        if progress is not None:
            progress("checks", done + 1, len(checks))
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _finding(kind, severity, frames: Iterable, title, explanation, removable=False) -> list[Finding]:
    frames = tuple(sorted({int(frame) for frame in frames}))
    return [Finding(kind, severity, title, explanation, frames, removable)] if frames else []


def labels(dataset: DataSet) -> list[Finding]:
    """Frames without a label where others have one."""
    without = [i for i, label in enumerate(dataset.labels) if not label]
    if len(without) == len(dataset.labels):
        return []
    return _finding(
        "missing labels", INFO, without, "No label",
        "They have no config_type although others do, so they stand apart in numbers by label.",
    )  # fmt: skip


def energies(frames: list[Atoms]) -> list[Finding]:
    """Missing energies, energies under different names, and energies far from those of like frames."""
    values = np.array([_energy(atoms) for atoms in frames])
    missing = np.flatnonzero(np.isnan(values))
    found = []
    if 0 < len(missing) < len(frames):
        found += _finding(
            "missing energies", WARNING, missing, "No energy",
            "They have no energy although others do; most training programs skip or refuse them.", True,
        )  # fmt: skip
    return found + _mixed_names(frames) + _energy_outliers(frames, values)


def _energy(atoms: Atoms) -> float:
    try:
        energy = atoms_energy(atoms)
    except (TypeError, ValueError):
        return np.nan
    return np.nan if energy is None else float(energy)


def _energy_name(atoms: Atoms) -> str:
    if getattr(atoms.calc, "results", {}).get("energy") is not None:
        return "energy"
    return next((key for key in _ENERGY_KEYS if key in atoms.info), "")


def _mixed_names(frames: list[Atoms]) -> list[Finding]:
    names = [_energy_name(atoms) for atoms in frames]
    counted = {name: names.count(name) for name in set(names) if name}
    if len(counted) < 2:
        return []
    usual = max(counted, key=counted.get)
    listed = ", ".join(f"{name} in {plural(n, 'frame')}" for name, n in sorted(counted.items()))
    return _finding(
        "mixed names", WARNING, (i for i, name in enumerate(names) if name not in ("", usual)),
        "Energies under different names",
        f"The energy is called {listed}. Training programs read one name only; these have another than most.",
    )  # fmt: skip


def _energy_outliers(frames: list[Atoms], values: np.ndarray) -> list[Finding]:
    groups: dict[tuple, list[int]] = {}
    for i, atoms in enumerate(frames):
        if not np.isnan(values[i]):
            numbers, counts = np.unique(atoms.numbers, return_counts=True)
            # Proportions: a supercell is compared with its unit cell.
            counts = counts // np.gcd.reduce(counts)
            groups.setdefault((*numbers.tolist(), *counts.tolist()), []).append(i)
    far = []
    for members in groups.values():
        per_atom = values[members] / np.array([len(frames[i]) for i in members])
        # An isolated atom is far from all others, and must be.
        bound = np.array([len(frames[i]) > 1 for i in members])
        if bound.sum() >= 20:
            z = robust_z(per_atom, per_atom[bound])
            far += [
                i
                for i, score, is_bound in zip(members, z, bound, strict=True)
                if is_bound and score > ROBUST_Z
            ]
    return _finding(
        "energy outliers", WARNING, far, "Unusual energy per atom",
        f"More than {ROBUST_Z:g} robust standard deviations (1.48 × the median deviation) from the median "
        "of their composition: perhaps a calculation that did not converge.", True,
    )  # fmt: skip


def robust_z(values: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return how many robust standard deviations `values` are from the median of `of`."""
    median = np.median(of)
    deviation = 1.4826 * np.median(np.abs(of - median))
    # Equal energies but for rounding are no reason to call the next one an outlier.
    return np.abs(values - median) / max(deviation, 1e-3)


def forces(dataset: DataSet, envs: Environments) -> list[Finding]:
    """Missing forces, and forces too large to be of use."""
    found = []
    if dataset.has_forces:
        found += _finding(
            "missing forces", WARNING, dataset.without_forces, "No forces",
            "They have no usable force on every atom although others do.", True,
        )  # fmt: skip
    known = np.nan_to_num(dataset.forces, nan=0.0)
    extreme = envs.frame_index[known > EXTREME_FORCE]
    largest = float(known.max(initial=0.0))
    return found + _finding(
        "extreme forces", WARNING, extreme, "Extreme forces",
        f"|F| above {EXTREME_FORCE:g} eV Å⁻¹, up to {largest:.1f}. Such structures are far from any that "
        "occurs in use, and can rule a fit.", True,
    )  # fmt: skip


def net_forces(frames: list[Atoms]) -> list[Finding]:
    """Frames whose forces do not add up to zero."""
    far, largest = [], 0.0
    for i, atoms in enumerate(frames):
        values = atoms_forces(atoms)
        if values is not None and np.isfinite(values).all():
            net = float(np.linalg.norm(values.sum(axis=0))) / len(atoms)
            if net > NET_FORCE:
                far.append(i)
                largest = max(largest, net)
    return _finding(
        "net forces", WARNING, far, "Forces do not add up to zero",
        f"The sum over all atoms is more than {NET_FORCE:g} eV Å⁻¹ an atom, up to {largest:.2f}: atoms were "
        "held fixed, an external field acts, or the calculation is not converged.",
    )  # fmt: skip


def cells(frames: list[Atoms], cutoff: float) -> list[Finding]:
    """Cells without volume, left-handed or thin ones, and frames of different periodicity."""
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
        _finding(
            "flat cells", ERROR, flat, "Almost no volume",
            "The three cell vectors are nearly in one plane (volume below 2 % of the product of their "
            "lengths): very likely a mistake.", True,
        )
        + _finding(
            "left-handed cells", INFO, left, "Left-handed cell",
            "The determinant of the cell is negative. Results here are right; some programs refuse it.",
        )
        + _finding(
            "thin cells", INFO, thin, "Cell thinner than the cutoff",
            f"A perpendicular height is below the cutoff of {cutoff:g} Å, so an atom sees its own images. "
            "That is handled correctly, and is usual for small cells.",
        )
        + _mixed_periodicity(frames)
    )  # fmt: skip


def _mixed_periodicity(frames: list[Atoms]) -> list[Finding]:
    kinds = np.array([int(atoms.pbc @ (1, 2, 4)) for atoms in frames])
    # An isolated atom is often not periodic where all else is.
    many = np.array([len(atoms) > 1 for atoms in frames])
    if not many.any() or len(np.unique(kinds[many])) < 2:
        return []
    usual = np.bincount(kinds[many]).argmax()
    return _finding(
        "mixed periodicity", INFO, np.flatnonzero(many & (kinds != usual)), "Other periodic axes than most",
        "Periodic and isolated structures are mixed; make sure that this is meant.",
    )  # fmt: skip


def duplicates(frames: list[Atoms], envs: Environments) -> list[Finding]:
    """Frames with the same content as an earlier one, and frames with the same environments."""
    seen: dict[bytes, int] = {}
    exact = [i for i, atoms in enumerate(frames) if seen.setdefault(_content(atoms), i) != i]
    near = sorted(set(same_environments(envs, [atoms.numbers for atoms in frames])) - set(exact))
    return _finding(
        "duplicates", WARNING, exact, "Exact duplicates",
        "Elements, positions and cell are those of an earlier frame. A copy adds no information; excluding "
        "these keeps the first of each.", True,
    ) + _finding(
        "near duplicates", INFO, near, "Same environments as an earlier frame",
        f"Every descriptor agrees within {NEAR:g} Å⁻¹ with that of an earlier frame of the same composition: "
        "the same structure turned, moved or renumbered or, as descriptors hold distances only, with "
        "elements exchanged. Excluding these keeps the first of each.", True,
    )  # fmt: skip


def _content(atoms: Atoms) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    parts = (atoms.numbers.astype(np.int32), atoms.positions, np.asarray(atoms.cell), atoms.pbc)
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.digest()


def same_environments(envs: Environments, numbers: list[np.ndarray]) -> list[int]:
    """Return the frames whose environments are, in some order, those of an earlier frame.

    Sums over a frame's rows do not depend on their order; only frames whose sums nearly agree are compared
    row by row.
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
    """Say whether the rows of A and B agree in some order."""
    # Rounding keeps noise from deciding which of two equal values comes first.
    sorted_A, sorted_B = (M[np.lexsort(np.round(M, 5).T)] for M in (A, B))
    return bool(np.abs(sorted_A - sorted_B).max() <= NEAR)


def lonely(dataset: DataSet, envs: Environments) -> list[Finding]:
    """Isolated atoms, and atoms that no other is near to."""
    alone = envs.X[:, 0] == 0 if envs.X.shape[1] else np.zeros(envs.n_envs, dtype=bool)
    single = envs.sizes == 1
    isolated = [i for i in np.unique(envs.frame_index[alone]) if single[i]]
    within = [i for i in np.unique(envs.frame_index[alone]) if not single[i]]
    locked = set(dataset.locked)
    unlocked = [i for i in isolated if i not in locked]
    return (
        _finding(
            "isolated atoms", INFO, sorted(locked), "Isolated atoms",
            "Labelled as isolated atoms: locked at first, as potentials need them as energy references.",
        )
        + _finding(
            "unlabelled atoms", WARNING, unlocked, "Isolated atoms without their label",
            "One atom with no neighbour within the cutoff, not labelled config_type=IsolatedAtom and so "
            "not locked. Lock them if they are energy references.",
        )
        + _finding(
            "no neighbours", WARNING, within, "Atoms without a neighbour",
            "At least one atom has no other within the cutoff, so its descriptor is all zero: evaporated "
            "atoms, or a wrong cell.", True,
        )
    )  # fmt: skip


def overlaps(frames: list[Atoms], envs: Environments, cutoff: float) -> list[Finding]:
    """Frames with two atoms nearer than half the sum of their covalent radii."""
    # X1 holds w(r)/r of the nearest neighbour, which falls with r: only frames with a pair near enough for
    # their largest atoms are looked at in full.
    nearest = np.maximum.reduceat(envs.X[:, 0], envs.offsets[:-1])
    found = []
    for i, atoms in enumerate(frames):
        reach = 2 * OVERLAP * float(covalent_radii[atoms.numbers].max())
        weight = max(0.0, 1 - (reach / cutoff) ** 2) ** 2
        if nearest[i] >= (1 - 1e-9) * weight / reach and _overlap(atoms, reach):
            found.append(i)
    return _finding(
        "overlapping atoms", ERROR, found, "Overlapping atoms",
        "Two atoms, images included, are nearer than half the sum of their covalent radii: "
        "almost always a mistake in positions or cell.", True,
    )  # fmt: skip


def _overlap(atoms: Atoms, reach: float) -> bool:
    first, second, distance = neighbor_list("ijd", atoms, reach)
    radii = covalent_radii[atoms.numbers]
    return bool((distance < OVERLAP * (radii[first] + radii[second])).any())


def compositions(dataset: DataSet) -> list[Finding]:
    """Frames that lack some of the elements of the file."""
    if len(dataset.elements) < 2:
        return []
    sets = [frozenset(atoms.numbers.tolist()) for atoms in dataset.frames]
    usual = max(set(sets), key=sets.count)
    return _finding(
        "mixed elements", INFO, (i for i, s in enumerate(sets) if s != usual), "Other elements than most",
        "The file mixes sets of elements. Entropy compares environments by distances; make sure that "
        "comparing these frames is meant.",
    )  # fmt: skip

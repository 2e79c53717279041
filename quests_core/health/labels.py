"""What looks wrong in the labels, energies and forces of a data set."""

import numpy as np
from ase import Atoms

from ..environments import Environments
from ..io.dataset import DataSet
from ..io.label_names import ENERGY, is_energy, label_keys, unrecognised_labels
from ..io.labels import atoms_energy, atoms_forces
from .finding import INFO, WARNING, Finding, finding

EXTREME_FORCE = 30.0
NET_FORCE = 0.1
ROBUST_Z = 8.0
_SHOWN = 5


def labels(dataset: DataSet) -> list[Finding]:
    """Frames without a label where others have one."""
    without = [i for i, label in enumerate(dataset.labels) if not label]
    if len(without) == len(dataset.labels):
        return []
    return finding(
        "missing labels", INFO, without, "No label",
        "They have no config_type although others do, so they stand apart in numbers by label.",
    )  # fmt: skip


def names(dataset: DataSet) -> list[Finding]:
    """Labels that are in no frame, and what looks like a label and is not recognised."""
    frames = dataset.frames
    found = []
    if all(np.isnan(_energy(atoms)) for atoms in frames):
        found += finding(
            "no energies", WARNING, range(len(frames)), "No frame has an energy",
            "No energy was found under any name that is known; where there is one, name its key.",
        )  # fmt: skip
    if not dataset.has_forces:
        found += finding(
            "no forces", INFO, range(len(frames)), "No frame has forces",
            "No forces were found under any name that is known; where there are some, name their key.",
        )  # fmt: skip
    unknown: dict[str, list[int]] = {}
    chosen = (dataset.energy_key, dataset.forces_key)
    for i, atoms in enumerate(frames):
        for key in unrecognised_labels(atoms.info, atoms.arrays, len(atoms)):
            if key not in chosen:
                unknown.setdefault(key, []).append(i)
    listed = ", ".join(sorted(unknown)[:_SHOWN]) + ", …" * (len(unknown) > _SHOWN)
    return found + finding(
        "unrecognised labels", WARNING, (i for frames in unknown.values() for i in frames),
        "Labels that are not recognised",
        f"{listed[:200]}: named like labels, but not used. Name the key if one is the energy or the forces.",
    )  # fmt: skip


def energies(frames: list[Atoms]) -> list[Finding]:
    """Missing energies, energies under different names, and energies far from those of like frames."""
    values = np.array([_energy(atoms) for atoms in frames])
    missing = np.flatnonzero(np.isnan(values))
    found = []
    if 0 < len(missing) < len(frames):
        found += finding(
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
    results = getattr(atoms.calc, "results", {})
    if results.get("energy") is not None:
        return "energy"
    keys = label_keys(ENERGY, {*atoms.info, *results})
    return next((key for key in keys if is_energy({**results, **atoms.info}[key])), "")


def _mixed_names(frames: list[Atoms]) -> list[Finding]:
    names = [_energy_name(atoms) for atoms in frames]
    counted = {name: names.count(name) for name in set(names) if name}
    if len(counted) < 2:
        return []
    usual = max(counted, key=counted.__getitem__)
    listed = ", ".join(f"{name} in {n:,} frame{'s' * (n > 1)}" for name, n in sorted(counted.items()))
    return finding(
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
    return finding(
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
        found += finding(
            "missing forces", WARNING, dataset.without_forces, "No forces",
            "They have no usable force on every atom although others do.", True,
        )  # fmt: skip
    known = np.nan_to_num(dataset.forces, nan=0.0)
    extreme = envs.frame_index[known > EXTREME_FORCE]
    largest = float(known.max(initial=0.0))
    return found + finding(
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
    return finding(
        "net forces", WARNING, far, "Forces do not add up to zero",
        f"The sum over all atoms is more than {NET_FORCE:g} eV Å⁻¹ an atom, up to {largest:.2f}: atoms were "
        "held fixed, an external field acts, or the calculation is not converged.",
    )  # fmt: skip

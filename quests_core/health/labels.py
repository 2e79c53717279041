"""Checks of the labels, energies and forces of a data set."""

import numpy as np
from ase import Atoms

from ..environments import Environments
from ..io.dataset import DataSet
from ..io.label_names import ENERGY, LARGEST_LABEL, is_energy, label_keys, unrecognised_labels
from ..io.labels import (
    atoms_energy,
    atoms_forces,
    frame_energies,
    usable_energy,
    usable_forces,
)
from ..io.stress_virial import is_contradicted
from .finding import INFO, WARNING, Finding, finding

EXTREME_FORCE = 30.0
NET_FORCE = 0.1
ROBUST_Z = 8.0
_SHOWN = 5
_MANY_DIGITS = 1e6


def labels(dataset: DataSet) -> list[Finding]:
    """Find frames without a label if others have one."""
    without = [i for i, label in enumerate(dataset.labels) if not label]
    if len(without) == len(dataset.labels):
        return []
    return finding(
        "missing labels", INFO, without, "No config_type",
        "They have no config_type although others do, so results by label list them separately.",
    )  # fmt: skip


def names(dataset: DataSet) -> list[Finding]:
    """Find missing energies or forces in all frames, and unrecognised keys that look like labels."""
    frames = dataset.frames
    found = []
    if np.isnan(frame_energies(frames)).all():
        found += finding(
            "no energies", WARNING, range(len(frames)), "No frame has an energy",
            "No key is recognised as a finite energy. If there are energies, specify their key.",
        )  # fmt: skip
    if not dataset.has_forces:
        found += finding(
            "no forces", INFO, range(len(frames)), "No frame has forces",
            "No column is recognised as usable forces. If there are forces, specify their key.",
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
        "Unrecognised keys",
        f"{listed[:200]}: named like energies, forces or stresses, but not used. If one of them is the "
        "energy or the forces, specify its key.",
    )  # fmt: skip


def stresses(frames: list[Atoms]) -> list[Finding]:
    """Find frames whose stress and virial contradict each other."""
    return finding(
        "stress and virial", WARNING, (i for i, atoms in enumerate(frames) if is_contradicted(atoms)),
        "Stress contradicts virial",
        "Their stress is not −W/V of their virial W and volume V, as in dumps of GPUMD, which hold W/V, with "
        "the kinetic part. Files for GPUMD and DeePMD-kit take the virial; in those for MACE and "
        "NequIP, the stress is set aside.",
    )  # fmt: skip


def energies(frames: list[Atoms]) -> list[Finding]:
    """Find missing energies, energies with different names, and outliers for their composition."""
    values = frame_energies(frames)
    missing = np.flatnonzero(np.isnan(values))
    found = []
    if 0 < len(missing) < len(frames):
        found += finding(
            "missing energies", WARNING, missing, "No energy",
            "They have no energy although others do; most training programs skip or reject them.", True,
        )  # fmt: skip
    return found + _mixed_names(frames) + _energy_outliers(frames, values)


def unusable(frames: list[Atoms]) -> list[Finding]:
    """Find energies and forces that are not finite, or too large to compute with."""
    found = (i for i, atoms in enumerate(frames) if _is_energy_unusable(atoms) or _are_forces_unusable(atoms))
    return finding(
        "unusable labels", WARNING, found, "Energies or forces that are not finite",
        f"Their energy or a force is NaN, infinite or beyond {LARGEST_LABEL:g} (eV, Å). This energy, or all "
        "forces of the frame, count as missing.", True,
    )  # fmt: skip


def _is_energy_unusable(atoms: Atoms) -> bool:
    return usable_energy(atoms) is None and atoms_energy(atoms) is not None


def _are_forces_unusable(atoms: Atoms) -> bool:
    return usable_forces(atoms) is None and atoms_forces(atoms) is not None


def _energy_name(atoms: Atoms) -> str:
    if usable_energy(atoms) is None:
        return ""
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
        "Energies with different names",
        f"The energy is named {listed}. Training programs read only one name; these frames use an uncommon "
        "one.",
    )  # fmt: skip


def _energy_outliers(frames: list[Atoms], values: np.ndarray) -> list[Finding]:
    groups: dict[tuple, list[int]] = {}
    for i, atoms in enumerate(frames):
        if not np.isnan(values[i]):
            numbers, counts = np.unique(atoms.numbers, return_counts=True)
            # Reduced, so that a supercell is compared with its unit cell.
            counts = counts // np.gcd.reduce(counts)
            groups.setdefault((*numbers.tolist(), *counts.tolist()), []).append(i)
    far = []
    for members in groups.values():
        per_atom = values[members] / np.array([len(frames[i]) for i in members])
        # Isolated atoms differ from all others by the cohesive energy.
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
        f"More than {ROBUST_Z:g} robust standard deviations (1.48 × the median absolute deviation) from the "
        "median of their composition, possibly because a calculation did not converge.", True,
    )  # fmt: skip


def robust_z(values: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return the distance of `values` from the median of `of` in robust standard deviations."""
    median = np.median(of)
    deviation = 1.4826 * np.median(np.abs(of - median))
    # At least 1 meV, so that no value is an outlier because the others differ only by rounding.
    return np.abs(values - median) / max(deviation, 1e-3)


def forces(dataset: DataSet, envs: Environments) -> list[Finding]:
    """Find missing forces and extreme forces."""
    return _missing_forces(dataset) + extreme_forces(dataset, envs)


def _missing_forces(dataset: DataSet) -> list[Finding]:
    if not dataset.has_forces:
        return []
    return finding(
        "missing forces", WARNING, dataset.without_forces, "Missing forces",
        "Some or all of their atoms lack usable forces; other frames have them.", True,
    )  # fmt: skip


def extreme_forces(dataset: DataSet, envs: Environments, limit: float = EXTREME_FORCE) -> list[Finding]:
    """Find frames with a force above a limit, eV/Å."""
    known = np.nan_to_num(dataset.forces, nan=0.0)
    # Their norms are not known.
    beyond = [i for i in dataset.without_forces if _are_beyond(atoms_forces(dataset.frames[i]))]
    extreme = [*envs.frame_index[known > limit].tolist(), *beyond]
    largest = (
        f"some beyond {LARGEST_LABEL:g}" if beyond else f"up to {_shown(float(known.max(initial=0.0)), 1)}"
    )
    return finding(
        "extreme forces", WARNING, extreme, "Extreme forces",
        f"|F| above {limit:g} eV Å⁻¹, {largest}. Such structures rarely occur in "
        "applications, and can dominate a fit.", True,
    )  # fmt: skip


def _are_beyond(forces: np.ndarray | None) -> bool:
    return forces is not None and bool((np.abs(forces) >= LARGEST_LABEL).any())


def net_forces(frames: list[Atoms], limit: float = NET_FORCE) -> list[Finding]:
    """Find frames with a net force above a limit, eV/Å per atom."""
    far, largest = [], 0.0
    for i, atoms in enumerate(frames):
        values = usable_forces(atoms)
        if values is not None:
            net = float(np.linalg.norm(values.sum(axis=0))) / len(atoms)
            if net > limit:
                far.append(i)
                largest = max(largest, net)
    return finding(
        "net forces", WARNING, far, "Forces do not add up to zero",
        f"The sum over all atoms is more than {limit:g} eV Å⁻¹ per atom, up to {_shown(largest, 2)}: atoms "
        "were fixed, an external field was applied, or the calculation is not converged.",
    )  # fmt: skip


def _shown(value: float, decimals: int) -> str:
    """Format a force without the hundred digits that a wrong one may have."""
    return f"{value:.{decimals}f}" if value < _MANY_DIGITS else f"{value:.3g}"

"""Errors of predicted energies and forces, for all of a test set and for groups of it."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms

from .trainer import Predictions

N_DECILES = 10
# Limits, in nats, between groups of test environments by δH against the subset; at most 0 is covered.
DELTA_ENTROPY_EDGES = (0.0, 5.0, 20.0)


class Group(NamedTuple):
    """Some environments of a test set, and the frames if they are whole ones.

    `low` and `high` are the limits of the quantity of the group, |F| in eV/Å or δH in nats, or NaN.
    """

    by: str
    name: str
    environments: np.ndarray
    frames: np.ndarray | None = None
    low: float = np.nan
    high: float = np.nan


def force_spread(forces: np.ndarray) -> float:
    """Return the root mean square of force components: the RMSE of a potential that predicts no forces.

    Examples
    --------
    >>> round(force_spread(np.array([[3.0, 0.0, 0.0]])), 3)
    1.732
    """
    return float(np.sqrt(np.mean(forces**2)))


def error_groups(
    frames: Sequence[Atoms], labels: Sequence[str], forces: np.ndarray, delta_entropies: np.ndarray
) -> list[Group]:
    """Return the groups of a test set: all, by label, by element, by decile of |F|, and by δH.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        The test set.
    labels : sequence of str
        Label of each frame.
    forces : ndarray of shape (n_envs, 3)
        Reference forces, eV/Å.
    delta_entropies : ndarray of shape (n_envs,)
        δH of each environment against the subset, nats.

    Examples
    --------
    >>> groups = error_groups([Atoms("CuAg")], ["bulk"], np.eye(2, 3), np.array([-1.0, 7.0]))
    >>> [(group.by, group.name) for group in groups if group.environments.any()]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('all', ''), ('label', 'bulk'), ('element', 'Ag'), ('element', 'Cu'), ('force_decile', '1'),
     ('force_decile', '6'), ('delta_entropy', '≤ 0'), ('delta_entropy', '5 to 20')]
    """
    frame_of = np.repeat(np.arange(len(frames)), [len(atoms) for atoms in frames])
    symbols = np.concatenate([np.array(atoms.get_chemical_symbols()) for atoms in frames])
    names = np.array(labels, dtype=object)
    every = np.ones(len(frames), dtype=bool)
    groups = [Group("all", "", every[frame_of], every)]
    groups += [Group("label", one, (names == one)[frame_of], names == one) for one in sorted(set(labels))]
    groups += [Group("element", str(one), symbols == one) for one in np.unique(symbols)]
    return groups + _force_deciles(forces) + _delta_entropy_groups(delta_entropies)


def _force_deciles(forces: np.ndarray) -> list[Group]:
    norms = np.linalg.norm(forces, axis=1)
    ranks = np.empty(len(norms), dtype=np.int64)
    ranks[np.argsort(norms, kind="stable")] = np.arange(len(norms))
    deciles = N_DECILES * ranks // len(norms)
    groups = []
    for i in range(N_DECILES):
        members = deciles == i
        limits = (norms[members].min(), norms[members].max()) if members.any() else (np.nan, np.nan)
        groups.append(Group("force_decile", str(i + 1), members, None, *map(float, limits)))
    return groups


def _delta_entropy_groups(values: np.ndarray) -> list[Group]:
    edges = (-np.inf, *DELTA_ENTROPY_EDGES, np.inf)
    between = itertools.pairwise(DELTA_ENTROPY_EDGES)
    names = [f"≤ {edges[1]:g}", *(f"{low:g} to {high:g}" for low, high in between)]
    names.append(f"> {edges[-2]:g}")
    return [
        Group("delta_entropy", name, (low < values) & (values <= high), None, low, high)
        for name, low, high in zip(names, edges[:-1], edges[1:], strict=True)
    ]


def group_errors(
    groups: Sequence[Group], frames: Sequence[Atoms], reference: Predictions, found: Predictions
) -> list[dict[str, Any]]:
    """Return the errors of each group that is not empty, as a list of dictionaries.

    ``force_rmse`` and ``force_mae`` are over force components, eV/Å; ``energy_rmse`` and ``energy_mae`` over
    energies per atom of frames that have one, eV, and NaN for groups that divide frames.

    Examples
    --------
    >>> frames = [Atoms("Cu")]
    >>> groups = [Group("all", "", np.array([True]), np.array([True]))]
    >>> reference = Predictions(np.array([1.0]), np.zeros((1, 3)))
    >>> (row,) = group_errors(groups, frames, reference, Predictions(np.array([3.0]), np.ones((1, 3))))
    >>> row["force_rmse"], row["force_mae"], row["energy_rmse"]
    (1.0, 1.0, 2.0)
    """
    sizes = np.array([len(atoms) for atoms in frames])
    energy_errors = (found.energies - reference.energies) / sizes
    has_energy = np.isfinite(reference.energies)
    force_errors = found.forces - reference.forces
    rows = []
    for group in groups:
        if not group.environments.any():
            continue
        row: dict[str, Any] = {"by": group.by, "group": group.name, "low": group.low, "high": group.high}
        row["n_envs"] = int(group.environments.sum())
        row |= _errors("force", force_errors[group.environments])
        whole = np.zeros(len(frames), dtype=bool) if group.frames is None else group.frames
        rows.append(row | _errors("energy", energy_errors[whole & has_energy]))
    return rows


def _errors(name: str, errors: np.ndarray) -> dict[str, float]:
    if not errors.size:
        return {f"{name}_rmse": np.nan, f"{name}_mae": np.nan}
    return {
        f"{name}_rmse": float(np.sqrt(np.mean(errors**2))),
        f"{name}_mae": float(np.mean(np.abs(errors))),
    }

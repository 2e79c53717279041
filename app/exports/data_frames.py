"""The tables that leave the page, as data frames."""

import numpy as np
import pandas as pd

from quests_core import atoms_energy

from ..facts.analysis import MethodPath, Opened


def curve_table(paths: dict[str, MethodPath]) -> pd.DataFrame:
    """Return every number at every size of every method."""
    return pd.concat([path.curve.assign(method=method) for method, path in paths.items()], ignore_index=True)[
        ["method", *next(iter(paths.values())).curve.columns]
    ]


def frames_table(opened: Opened, path: MethodPath, n_frames: int) -> pd.DataFrame:
    """Return a row for each frame of the file: its place in the order, its labels, what is lost of it."""
    dataset, envs = opened.dataset, opened.envs
    rank = np.full(len(envs), -1)
    rank[path.order] = np.arange(len(path.order))
    kept = (rank >= 0) & (rank < n_frames)
    state = np.where(kept, "kept", "dropped").astype("U8")
    state[list(path.marks.locked)], state[list(path.marks.excluded)] = "locked", "excluded"
    delta = path.delta_entropy[path.position(n_frames)]
    energies = [atoms_energy(atoms) for atoms in dataset.frames]
    table = pd.DataFrame(
        {
            "frame": np.arange(len(envs)),
            "rank": pd.array(np.where(rank < 0, 0, rank), dtype="Int64"),
            "state": state,
            "config_type": dataset.labels,
            "n_atoms": envs.sizes,
            "energy_per_atom_eV": [
                np.nan if energy is None else energy / len(atoms)
                for energy, atoms in zip(energies, dataset.frames, strict=True)
            ],
            "max_force_eV_per_angstrom": np.maximum.reduceat(dataset.forces, envs.offsets[:-1]),
            "max_delta_entropy_nats": np.maximum.reduceat(delta, envs.offsets[:-1]),
        }
    )
    table.loc[rank < 0, "rank"] = pd.NA
    return table


def environments_table(opened: Opened, path: MethodPath, n_frames: int) -> pd.DataFrame:
    """Return a row for each environment: its atom, its force, and its δH given the subset."""
    envs, frames = opened.envs, opened.dataset.frames
    frame = envs.frame_index
    return pd.DataFrame(
        {
            "frame": frame,
            "atom": np.arange(envs.n_envs) - envs.offsets[frame],
            "element": np.concatenate([np.array(atoms.get_chemical_symbols()) for atoms in frames]),
            "force_eV_per_angstrom": opened.dataset.forces,
            "delta_entropy_nats": path.delta_entropy[path.position(n_frames)],
        }
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV, UTF-8, numbers to their last digit."""
    return table.to_csv(index=False, lineterminator="\n").encode()

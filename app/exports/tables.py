"""Exported tables, as data frames."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from quests_core.potentials import Predictions
from quests_core.utils.frame_ranges import format_ranges

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.compare import Matrix, novel_frames
from ..analysis.filter_evaluation import Members
from ..analysis.frame_columns import MEANING, frame_maximum, gather, ranks, statuses, with_predictions
from ..analysis.lost import EnvironmentLabels, by_label, environment_table, frame_table, lost
from ..analysis.method_path import MethodPath, delta_entropy_at
from .report_data import ReportData, redundancy_rows

_UNITS = {
    "energy": "energy_eV", "energy_per_atom": "energy_per_atom_eV", "max_force": "max_force_eV_per_angstrom",
    "max_delta_entropy": "max_delta_entropy_nats", "delta_entropy": "delta_entropy_nats",
    "force": "force_eV_per_angstrom", "delta": "max_delta_entropy_nats",
}  # fmt: skip


def tables(found: ReportData) -> dict[str, pd.DataFrame]:
    """Return every table of the page, by file name."""
    opened, env_labels = found.opened, EnvironmentLabels.from_dataset(found.opened)
    delta = found.delta_entropy
    rows = lost(delta, limit=len(delta)).rows
    made = {
        "frames": frames_table(opened, found.path, found.n_frames, found.predictions),
        "lost-environments": pd.DataFrame(environment_table(opened, env_labels, delta, rows)),
        "lost-frames": pd.DataFrame(frame_table(opened, delta, limit=len(opened.envs))[0]),
        "lost-labels": labels_table(env_labels, delta),
    }
    if found.entropies is not None:
        columns = zip(("set", "entropy_nats", "n_environments"), redundancy_rows(found), strict=True)
        made["redundancy"] = pd.DataFrame(dict(columns))
        made["redundancy"]["bound_nats"] = np.log(made["redundancy"]["n_environments"])
    if found.findings is not None:
        made["health"] = health_table(found.findings)
    if found.comparison is not None:
        novel = pd.DataFrame(novel_frames(found.comparison.novelty, opened.envs.offsets, len(opened.envs)))
        novel["label"] = [opened.dataset.labels[int(frame)] for frame in novel["frame"]]
        made["novel-frames"] = novel.rename(columns={"row": "environment", "share": "share_novel"})
    for name, matrix in (("labels", found.labels), ("files", found.files)):
        if matrix is not None:
            made[f"overlap-{name}"] = matrix_table(matrix)
    # Tables of the library keep their column names.
    made = {name: table.rename(columns=_UNITS) for name, table in made.items()}
    return {"numbers": numbers_table(found.paths, found.n_frames), "curves": curve_table(found.paths), **made}


def numbers_table(paths: dict[str, MethodPath], n_frames: int) -> pd.DataFrame:
    """Return the metrics of each method's subset of one size, and of the full set."""
    rows = {method: path.metrics(n_frames) for method, path in paths.items()}
    rows["full set"] = next(iter(paths.values())).full_set_metrics
    table = pd.DataFrame(list(rows.values())).astype({"n_frames": int, "n_envs": int})
    table.insert(0, "set", list(rows))
    return table


def curve_table(paths: dict[str, MethodPath]) -> pd.DataFrame:
    """Return the curves of all methods."""
    return pd.concat([path.curve.assign(method=method) for method, path in paths.items()], ignore_index=True)[
        ["method", *next(iter(paths.values())).curve.columns]
    ]


def frames_table(
    opened: AnalysedDataset, path: MethodPath, n_frames: int, predictions: Mapping[str, Predictions]
) -> pd.DataFrame:
    """Return one row per frame of the file, with all columns of the page's table and filter."""
    facts, n_all = with_predictions(gather(opened), opened, predictions), len(opened.envs)
    delta = delta_entropy_at(opened, path, n_frames)
    now = {
        "rank": pd.array(ranks(path.order, n_all), dtype="Int64"),
        "state": statuses(path.frames(n_frames), path.marks, n_all),
        "max_delta_entropy": frame_maximum(delta, opened.envs.offsets),
    }
    columns = {**facts.columns, **now}
    table = {name: _written(columns[name]) for name in (*MEANING, *facts.info) if name in columns}
    return pd.DataFrame(table).rename(columns=_UNITS)


def _written(column):
    """Return a column for a table; memberships become text."""
    if not isinstance(column, Members):
        return column
    names, has = list(column.has), np.array(list(column.has.values()))
    return [" ".join(np.array(names)[frame]) for frame in has.T]


def labels_table(env_labels: EnvironmentLabels, delta: np.ndarray) -> pd.DataFrame:
    """Return the number of lost environments of each label."""
    columns = ["label", "n_environments", "n_lost", "max_delta_entropy"]
    table = pd.DataFrame(by_label(env_labels, delta), columns=columns)
    table.insert(3, "share_lost", table["n_lost"] / table["n_environments"])
    return table


def health_table(findings) -> pd.DataFrame:
    """Return the findings and their frames."""
    return pd.DataFrame(
        [
            (f.severity, f.kind, f.title, f.explanation, len(f.frames), format_ranges(f.frames))
            for f in findings
        ],
        columns=["severity", "kind", "title", "explanation", "n_frames", "frames"],
    )


def matrix_table(matrix: Matrix) -> pd.DataFrame:
    """Return overlaps: one row per set, one column per covering set."""
    table = pd.DataFrame(matrix.shares, columns=list(matrix.names))
    table.insert(0, "share of environments of", matrix.names, allow_duplicates=True)
    return table


def environments_table(opened: AnalysedDataset, path: MethodPath, n_frames: int) -> pd.DataFrame:
    """Return one row per environment: its atom, force, and δH given the subset."""
    envs, frames = opened.envs, opened.dataset.frames
    frame = envs.frame_index
    return pd.DataFrame(
        {
            "frame": frame,
            "atom": np.arange(envs.n_envs) - envs.offsets[frame],
            "element": np.concatenate([np.array(atoms.get_chemical_symbols()) for atoms in frames]),
            "force_eV_per_angstrom": opened.dataset.forces,
            "delta_entropy_nats": delta_entropy_at(opened, path, n_frames),
        }
    )

"""Lost environments: those whose δH given the subset exceeds the threshold, and their frames."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quests_core.information.entropy import OVERLAP_THRESHOLD as THRESHOLD

from .analysed_dataset import AnalysedDataset
from .frame_columns import most_novel, objects
from .method_path import MethodPath

MAX_ROWS = 500
# Outliers: δH in nats, and its ratio to the best method's. Smaller values are common at small sizes.
OUTLIER_DELTA_ENTROPY, OUTLIER_RATIO = 20.0, 3.0


@dataclass(frozen=True, eq=False)
class LostEnvironments:
    """The lost environments of a subset, ranked by δH.

    Attributes
    ----------
    rows : ndarray of int
        The lost environments with the largest δH, in descending order.
    n_lost, n_counted : int
        Number of lost environments, and of all environments in frames that are not excluded.
    largest : float
        Largest δH of all, nats; NaN if all frames are excluded.
    """

    rows: np.ndarray
    n_lost: int
    n_counted: int
    largest: float


def lost(delta_entropy: np.ndarray, limit: int = MAX_ROWS) -> LostEnvironments:
    """Return the lost environments from δH of each; NaN in excluded frames."""
    above = np.flatnonzero(delta_entropy > THRESHOLD)
    values = delta_entropy[above]
    if len(above) > limit:
        kept = np.argpartition(-values, limit)[:limit]
        above, values = above[kept], values[kept]
    n_counted = int(np.count_nonzero(~np.isnan(delta_entropy)))
    return LostEnvironments(
        rows=above[np.argsort(-values, kind="stable")],
        n_lost=int(np.count_nonzero(delta_entropy > THRESHOLD)),
        n_counted=n_counted,
        largest=float(np.nanmax(delta_entropy)) if n_counted else np.nan,
    )


@dataclass(frozen=True)
class OutlierWarning:
    """A method leaves an environment with a δH far above the largest δH of another method.

    Attributes
    ----------
    largest : float
        Largest δH given the method's subset, nats.
    other : str
        The method whose largest δH is the smallest of all.
    other_largest : float
        That δH, nats; at most the threshold if nothing is lost.
    """

    largest: float
    other: str
    other_largest: float


def outlier_warning(
    paths: Mapping[str, MethodPath], displayed_method: str, n_frames: int
) -> OutlierWarning | None:
    """Return a warning if the largest δH of a method is far above that of another method.

    That is, at least `OUTLIER_DELTA_ENTROPY` and more than `OUTLIER_RATIO` times the smallest maximum of
    the `paths` at the same size. Paths with other marks or with a reference are not comparable and are
    ignored.
    """
    own = paths.get(displayed_method)
    if own is None or own.reference is not None:
        return None
    largest = {
        name: path.metrics(n_frames)["max_delta_entropy"]
        for name, path in paths.items()
        if path.reference is None and path.marks == own.marks
    }
    other = min(largest, key=largest.__getitem__)
    value = largest[displayed_method]
    if value >= OUTLIER_DELTA_ENTROPY and value > OUTLIER_RATIO * largest[other]:
        return OutlierWarning(value, other, largest[other])
    return None


@dataclass(frozen=True, eq=False)
class EnvironmentLabels:
    """Frame and label of each environment; computed once per data set.

    Attributes
    ----------
    frame : ndarray of int, shape (n_envs,)
        Frame of each environment.
    label_of_frame : ndarray of int, shape (n_frames,)
        Index in `labels` of each frame's label.
    labels : tuple of str
        The labels, sorted.
    label : ndarray of int, shape (n_envs,)
        Index in `labels` of each environment's label.
    """

    frame: np.ndarray
    label_of_frame: np.ndarray
    labels: tuple[str, ...]
    label: np.ndarray

    @classmethod
    def from_dataset(cls, opened: AnalysedDataset) -> "EnvironmentLabels":
        """Return frame and label of the environments of a data set."""
        labels = tuple(sorted(set(opened.dataset.labels)))
        number = {label: i for i, label in enumerate(labels)}
        label_of_frame = np.array([number[label] for label in opened.dataset.labels])
        frame = opened.envs.frame_index
        return cls(frame, label_of_frame, labels, label_of_frame[frame])


def environment_table(
    opened: AnalysedDataset, env_labels: EnvironmentLabels, delta_entropy: np.ndarray, rows
) -> dict[str, np.ndarray]:
    """Return the columns of the table of environments."""
    frames, envs = env_labels.frame[rows], opened.envs
    atoms = rows - envs.offsets[frames]
    symbols = [opened.dataset.frames[f].symbols[int(a)] for f, a in zip(frames, atoms, strict=True)]
    return {
        "frame": frames,
        "atom": atoms,
        "element": objects(symbols),
        "label": objects([opened.dataset.labels[f] for f in frames]),
        "delta_entropy": delta_entropy[rows].astype(float),
        "force": opened.dataset.forces[rows],
    }


def frame_table(
    opened: AnalysedDataset, delta_entropy: np.ndarray, limit: int = MAX_ROWS
) -> tuple[dict, np.ndarray]:
    """Return the table of frames with lost environments, and the environment of largest δH in each."""
    offsets = opened.envs.offsets
    above = delta_entropy > THRESHOLD
    n_lost = np.add.reduceat(above, offsets[:-1], dtype=np.int64)
    worst = np.maximum.reduceat(np.nan_to_num(delta_entropy, nan=-np.inf), offsets[:-1])
    frames = np.flatnonzero(n_lost)
    frames = frames[np.argsort(-worst[frames], kind="stable")]
    frames = frames[:limit]
    rows = [most_novel(delta_entropy, offsets, int(frame)) for frame in frames]
    columns = {
        "frame": frames,
        "label": objects([opened.dataset.labels[f] for f in frames]),
        "n_atoms": opened.envs.sizes[frames],
        "n_lost": n_lost[frames],
        "delta_entropy": worst[frames].astype(float),
        "force": np.maximum.reduceat(opened.dataset.forces, offsets[:-1])[frames],
    }
    return columns, np.array(rows, dtype=np.int64)


def by_label(env_labels: EnvironmentLabels, delta_entropy: np.ndarray) -> list[tuple[str, int, int, float]]:
    """Return label, counted and lost environments and largest δH, by descending share of lost ones."""
    counted = ~np.isnan(delta_entropy)
    n = len(env_labels.labels)
    n_counted = np.bincount(env_labels.label[counted], minlength=n)
    n_lost = np.bincount(env_labels.label[delta_entropy > THRESHOLD], minlength=n)
    largest = np.full(n, -np.inf)
    # Reduce within frames first: `maximum.at` is slow, and there are far fewer frames than environments.
    starts = np.flatnonzero(np.diff(env_labels.frame, prepend=-1))
    worst = np.maximum.reduceat(np.nan_to_num(delta_entropy, nan=-np.inf), starts)
    np.maximum.at(largest, env_labels.label_of_frame[env_labels.frame[starts]], worst)
    share = n_lost / np.maximum(n_counted, 1)
    order = [i for i in np.argsort(-share, kind="stable") if n_counted[i]]
    return [(env_labels.labels[i], int(n_counted[i]), int(n_lost[i]), float(largest[i])) for i in order]

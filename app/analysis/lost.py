"""What a subset has lost: the environments whose δH given it is above the threshold, and their frames."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quests_core.information.entropy import OVERLAP_THRESHOLD as THRESHOLD

from .analysed_dataset import AnalysedDataset
from .frame_columns import most_novel, objects
from .method_path import MethodPath

MOST_ROWS = 500
# What is tens of nats away is of no kind that the subset knows; less is common at small sizes.
FAR, TIMES = 20.0, 3.0


@dataclass(frozen=True, eq=False)
class LostEnvironments:
    """What is lost, ranked by δH.

    Attributes
    ----------
    rows : ndarray of int
        The most novel of the lost environments, the worst first.
    n_lost, n_counted : int
        Environments that are lost, and all that count: those of frames not excluded.
    largest : float
        Largest δH of all, nats; NaN where nothing counts.
    """

    rows: np.ndarray
    n_lost: int
    n_counted: int
    largest: float


def lost(delta_entropy: np.ndarray, most: int = MOST_ROWS) -> LostEnvironments:
    """Return what is lost, given δH of each environment; NaN for those that do not count."""
    above = np.flatnonzero(delta_entropy > THRESHOLD)
    values = delta_entropy[above]
    if len(above) > most:
        kept = np.argpartition(-values, most)[:most]
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
    """A method serves some environment far worse than another method serves any.

    Attributes
    ----------
    largest : float
        Largest δH given the method's subset, nats.
    other : str
        The method whose largest δH is the smallest of all.
    other_largest : float
        That δH, nats; at most the threshold where nothing is lost.
    """

    largest: float
    other: str
    other_largest: float


def outlier_warning(
    paths: Mapping[str, MethodPath], displayed_method: str, n_frames: int
) -> OutlierWarning | None:
    """Return how far a method leaves an environment, where that is far more than another method does.

    That is so from `FAR` nats on, and above `TIMES` the smallest largest δH of the `paths` at the same
    size. Paths of other marks, and those given a reference, tell of something else and are left out.
    """
    own = paths.get(displayed_method)
    if own is None or own.reference is not None:
        return None
    largest = {
        name: float(path.curve["max_delta_entropy"].iloc[path.position(n_frames)])
        for name, path in paths.items()
        if path.reference is None and path.marks == own.marks
    }
    other = min(largest, key=largest.__getitem__)
    if largest[displayed_method] >= FAR and largest[displayed_method] > TIMES * largest[other]:
        return OutlierWarning(largest[displayed_method], other, largest[other])
    return None


@dataclass(frozen=True, eq=False)
class EnvironmentLabels:
    """Where each environment is; made once for a data set.

    Attributes
    ----------
    frame : ndarray of int, shape (n_envs,)
        Its frame.
    label_of_frame : ndarray of int, shape (n_frames,)
        Number of the frame's label.
    labels : tuple of str
        The labels, sorted.
    label : ndarray of int, shape (n_envs,)
        Number of its frame's label.
    """

    frame: np.ndarray
    label_of_frame: np.ndarray
    labels: tuple[str, ...]
    label: np.ndarray

    @classmethod
    def of(cls, opened: AnalysedDataset) -> "EnvironmentLabels":
        """Return the places of the environments of a data set."""
        labels = tuple(sorted(set(opened.dataset.labels)))
        number = {label: i for i, label in enumerate(labels)}
        of_frame = np.array([number[label] for label in opened.dataset.labels])
        frame = opened.envs.frame_index
        return cls(frame, of_frame, labels, of_frame[frame])


def environment_table(
    opened: AnalysedDataset, places: EnvironmentLabels, delta_entropy: np.ndarray, rows
) -> dict[str, np.ndarray]:
    """Return the columns of the table of environments."""
    frames, envs = places.frame[rows], opened.envs
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
    opened: AnalysedDataset, places: EnvironmentLabels, delta_entropy: np.ndarray, most: int = MOST_ROWS
) -> tuple[dict, np.ndarray]:
    """Return the columns of the table of frames that lost something, and each one's worst environment."""
    offsets = opened.envs.offsets
    above = delta_entropy > THRESHOLD
    n_lost = np.add.reduceat(above, offsets[:-1], dtype=np.int64)
    worst = np.maximum.reduceat(np.nan_to_num(delta_entropy, nan=-np.inf), offsets[:-1])
    frames = np.flatnonzero(n_lost)
    frames = frames[np.argsort(-worst[frames], kind="stable")]
    rows = [most_novel(delta_entropy, offsets, frame) for frame in frames[:most]]
    frames = frames[:most]
    columns = {
        "frame": frames,
        "label": objects([opened.dataset.labels[f] for f in frames]),
        "n_atoms": opened.envs.sizes[frames],
        "n_lost": n_lost[frames],
        "delta_entropy": worst[frames].astype(float),
        "force": np.maximum.reduceat(opened.dataset.forces, offsets[:-1])[frames],
    }
    return columns, np.array(rows, dtype=np.int64)


def by_label(places: EnvironmentLabels, delta_entropy: np.ndarray) -> list[tuple[str, int, int, float]]:
    """Return label, environments that count, those lost and largest δH, where most is lost first."""
    counted = ~np.isnan(delta_entropy)
    n = len(places.labels)
    n_counted = np.bincount(places.label[counted], minlength=n)
    n_lost = np.bincount(places.label[delta_entropy > THRESHOLD], minlength=n)
    largest = np.full(n, -np.inf)
    # Frame by frame: as many steps as frames, not as environments.
    starts = np.flatnonzero(np.diff(places.frame, prepend=-1))
    worst = np.maximum.reduceat(np.nan_to_num(delta_entropy, nan=-np.inf), starts)
    np.maximum.at(largest, places.label_of_frame[places.frame[starts]], worst)
    share = n_lost / np.maximum(n_counted, 1)
    order = [i for i in np.argsort(-share, kind="stable") if n_counted[i]]
    return [(places.labels[i], int(n_counted[i]), int(n_lost[i]), float(largest[i])) for i in order]

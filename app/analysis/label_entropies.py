"""Entropy of each label and each element of a file, compared with its bound."""

from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers

from quests_core import entropy
from quests_core.progress import ProgressCallback

from .analysed_dataset import AnalysedDataset
from .compare import MAX_GROUPS, label_groups
from .parameters import Marks


@dataclass(frozen=True, eq=False)
class LabelEntropies:
    """Entropies of the labels and of the elements with most environments, the largest first.

    Attributes
    ----------
    names : tuple of str
        Labels, then elements.
    entropies : ndarray of shape (n_names,)
        Nats.
    n_envs : ndarray of shape (n_names,)
        Environments of each; their logarithm bounds the entropy.
    left_out : int
        Number of smaller labels that are not included.
    elements_left_out : int
        Number of elements with fewer environments that are not included.
    """

    names: tuple[str, ...]
    entropies: np.ndarray
    n_envs: np.ndarray
    left_out: int = 0
    elements_left_out: int = 0


def has_groups(opened: AnalysedDataset) -> bool:
    """Return whether a data set has several labels or several elements."""
    return len(set(opened.dataset.labels)) > 1 or len(opened.dataset.elements) > 1


def label_entropies(
    opened: AnalysedDataset, marks: Marks, progress: ProgressCallback | None = None
) -> LabelEntropies:
    """Return the entropy of each label and of each element alone, without excluded frames.

    Those of labels are missing if all frames have the same one, those of elements if there is only one.
    """
    labels = label_groups(opened.dataset.labels, opened.envs.sizes, marks.excluded)
    groups = {name: opened.envs.rows(frames) for name, frames in labels.items()} if len(labels) > 1 else {}
    elements = element_rows(opened, marks)
    shown = {name: groups[name] for name in tuple(groups)[:MAX_GROUPS]}
    shown |= {f"element {name}": elements[name] for name in tuple(elements)[:MAX_GROUPS]}
    bandwidth, X = opened.parameters.bandwidth, opened.envs.X
    counts = np.array([len(rows) for rows in shown.values()], dtype=int)
    parts = _parts(progress, counts)
    values = [
        entropy(X[rows], bandwidth, progress=part) for rows, part in zip(shown.values(), parts, strict=True)
    ]
    return LabelEntropies(
        tuple(shown), np.array(values), counts,
        max(0, len(groups) - MAX_GROUPS), max(0, len(elements) - MAX_GROUPS),
    )  # fmt: skip


def _parts(progress: ProgressCallback | None, counts: np.ndarray) -> list[ProgressCallback | None]:
    """Return a callback for each group that reports the progress of all: the pairs of environments done."""
    if progress is None:
        return [None] * len(counts)
    pairs = [int(n) ** 2 for n in counts]

    def part(before: int, own: int) -> ProgressCallback:
        return lambda step, done, total: progress(step, before + own * done // max(1, total), sum(pairs))

    return [part(sum(pairs[:i]), own) for i, own in enumerate(pairs)]


def element_rows(opened: AnalysedDataset, marks: Marks) -> dict[str, np.ndarray]:
    """Return the environments of each of several elements, without excluded frames, the most first."""
    if len(opened.dataset.elements) < 2:
        return {}
    numbers = np.concatenate([atoms.numbers for atoms in opened.dataset.frames])
    counted = ~np.isin(opened.envs.frame_index, marks.excluded)
    rows = {
        symbol: np.flatnonzero((numbers == atomic_numbers[symbol]) & counted)
        for symbol in opened.dataset.elements
    }
    found = {symbol: own for symbol, own in rows.items() if len(own)}
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))

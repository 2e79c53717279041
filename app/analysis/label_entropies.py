"""Entropy of each label of a file, compared with its bound."""

from dataclasses import dataclass

import numpy as np

from quests_core import entropy

from .analysed_dataset import AnalysedDataset
from .compare import MAX_GROUPS, label_groups
from .parameters import Marks


@dataclass(frozen=True, eq=False)
class LabelEntropies:
    """Entropies of the labels with most environments, the largest first.

    Attributes
    ----------
    names : tuple of str
        Labels.
    entropies : ndarray of shape (n_labels,)
        Nats.
    n_envs : ndarray of shape (n_labels,)
        Environments of each label; their logarithm bounds the entropy.
    left_out : int
        Number of smaller labels that are not included.
    """

    names: tuple[str, ...]
    entropies: np.ndarray
    n_envs: np.ndarray
    left_out: int = 0


def label_entropies(opened: AnalysedDataset, marks: Marks, progress=None) -> LabelEntropies:
    """Return the entropy of each label alone, without excluded frames."""
    groups = label_groups(opened.dataset.labels, opened.envs.sizes, marks.excluded)
    names = tuple(groups)[:MAX_GROUPS]
    sets = [opened.envs.take(groups[name]) for name in names]
    values = [entropy(envs, opened.parameters.bandwidth, progress=progress) for envs in sets]
    counts = np.array([envs.n_envs for envs in sets], dtype=int)
    return LabelEntropies(names, np.array(values), counts, len(groups) - len(names))

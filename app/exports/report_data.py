"""Results to report or export, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from quests_core.potentials import Predictions

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.compare import Comparison, Matrix
from ..analysis.label_entropies import LabelEntropies
from ..analysis.method_path import MethodPath, delta_entropy_at


@dataclass(frozen=True, eq=False)
class ReportData:
    """Results to report; optional ones are None if not computed.

    Attributes
    ----------
    opened : AnalysedDataset
        The data set.
    paths : dict of MethodPath
        Paths of the methods compared.
    active : str
        Method whose subset is reported.
    n_frames : int
        Size of the subsets.
    embedding : ndarray of shape (n_envs, 2)
        Coordinates on the map.
    embedding_note : str
        Description of the embedding.
    entropies : LabelEntropies
        Entropy of each label.
    findings : tuple of Finding
        Findings of the health checks.
    comparison : Comparison
        Comparison with the reference.
    alone : ndarray
        Fraction covered by the reference and the subset of ``msc`` together, for each size.
    labels, files : Matrix
        Overlaps between labels and between files.
    predictions : mapping of str to Predictions
        Computed predictions, by name.
    """

    opened: AnalysedDataset
    paths: dict[str, MethodPath]
    active: str
    n_frames: int
    embedding: np.ndarray | None = None
    embedding_note: str = ""
    entropies: LabelEntropies | None = None
    findings: tuple | None = None
    comparison: Comparison | None = None
    alone: np.ndarray | None = None
    labels: Matrix | None = None
    files: Matrix | None = None
    predictions: Mapping[str, Predictions] = field(default_factory=dict)

    @property
    def path(self) -> MethodPath:
        """Path of the active method."""
        return self.paths[self.active]

    @cached_property
    def delta_entropy(self) -> np.ndarray:
        """δH of each environment given the active subset, nats."""
        return delta_entropy_at(self.opened, self.path, self.n_frames)


def redundancy_rows(found: ReportData) -> tuple[list[str], list[float], list[int]]:
    """Return names, entropies and numbers of environments of the full set, the subset and each label."""
    full, row = found.path.full_set_metrics, found.path.metrics(found.n_frames)
    names, entropies = ["full set", f"{found.active} subset"], [full["entropy"], row["entropy"]]
    n_envs = [int(full["n_envs"]), int(row["n_envs"])]
    if found.entropies is not None:
        names += found.entropies.names
        entropies += found.entropies.entropies.tolist()
        n_envs += found.entropies.n_envs.tolist()
    return names, entropies, n_envs

"""Make every plot of the page for the report and for image files."""

from dataclasses import dataclass

import holoviews as hv
import numpy as np

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.compare import Comparison, Matrix, share_covered
from ..analysis.forces import forces_of, without
from ..analysis.frame_columns import statuses
from ..analysis.label_entropies import LabelEntropies
from ..analysis.method_path import MethodPath
from ..analysis.methods import METHOD_INFO
from ..plots import map_colors
from ..plots.elements.curves import entropy_diversity, overlap
from ..plots.elements.delta import delta_entropy, novelty
from ..plots.elements.forces import force_tail
from ..plots.elements.maps import environment_map
from ..plots.elements.options import load_matplotlib, titled
from ..plots.elements.sets import addition, overlap_matrix, redundancy, set_map
from ..plots.palettes import FULL_COLOR

Figures = dict[str, tuple[str, hv.Overlay]]


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

    @property
    def path(self) -> MethodPath:
        """Path of the active method."""
        return self.paths[self.active]

    @property
    def delta_entropy(self) -> np.ndarray:
        """δH of each environment given the active subset, nats."""
        return self.path.delta_entropy[self.path.position(self.n_frames)]


def figures(found: ReportData) -> Figures:
    """Return the title and element of each plot that has data, by file name."""
    load_matplotlib()
    curves = {method: path.curve for method, path in found.paths.items()}
    deltas = {
        method: path.delta_entropy[path.position(found.n_frames)] for method, path in found.paths.items()
    }
    plots = {
        "entropy-diversity": (
            "Entropy against diversity", entropy_diversity(curves, found.n_frames, found.active)
        ),
        "overlap": ("Covered by the subset", overlap(curves, found.n_frames)),
        "delta-entropy": ("Distribution of δH", delta_entropy(deltas)),
        **_forces(found),
    }  # fmt: skip
    if found.entropies is not None:
        plots["redundancy"] = ("Redundancy", _redundancy(found, found.entropies))
    if found.embedding is not None:
        plots |= _maps(found, found.embedding)
    if found.comparison is not None:
        plots |= _two_sets(found, found.comparison)
    for name, matrix in (("labels", found.labels), ("files", found.files)):
        if matrix is not None and len(matrix.names) > 1:
            plots[f"overlap-{name}"] = (f"Overlap of {name}", overlap_matrix(matrix.shares, matrix.names))
    return plots


def _forces(found: ReportData) -> Figures:
    opened = found.opened
    forces = forces_of(opened.dataset, opened.envs.frame_index)
    forces = without(forces, found.path.marks.excluded, len(opened.envs))
    if not len(forces.values):
        return {}
    subsets = {
        method: forces.values[np.isin(forces.frames, path.frames(found.n_frames))]
        for method, path in found.paths.items()
    }
    return {"forces": ("Force tail", force_tail(forces.values, subsets))}


def redundancy_rows(found: ReportData, labels: LabelEntropies) -> tuple[list[str], list[float], list[int]]:
    """Return names, entropies and numbers of environments of the full set, the subset and each label."""
    full, row = found.path.full_set_metrics, found.path.metrics(found.n_frames)
    names = ["full set", f"subset of {found.active}", *labels.names]
    entropies = [full["entropy"], row["entropy"], *labels.entropies]
    return names, entropies, [int(full["n_envs"]), int(row["n_envs"]), *labels.n_envs]


def _redundancy(found: ReportData, labels: LabelEntropies) -> hv.Overlay:
    names, values, counts = redundancy_rows(found, labels)
    # A label may be called as one of the first two.
    names = [*names[:2], *(f"label {name}" if name in names[:2] else name for name in names[2:])]
    entropies = dict(zip(names, zip(values, counts, strict=True), strict=True))
    return redundancy(entropies, {names[0]: FULL_COLOR, names[1]: METHOD_INFO[found.active].color})


def _maps(found: ReportData, embedding: np.ndarray) -> Figures:
    frame = found.opened.envs.frame_index
    status = statuses(found.path.frames(found.n_frames), found.path.marks, len(found.opened.envs))
    colorings = {
        "kept": ("kept and dropped", map_colors.by_status(status, frame, found.active)),
        "delta-entropy": ("δH given the subset", map_colors.by_novelty(found.delta_entropy, found.active)),
        "density": ("density", map_colors.by_density(found.path.delta_entropy[-1])),
    }
    return {
        f"map-{name}": (
            f"Map of environments: {title}", titled(environment_map(embedding, colors), found.embedding_note)
        )
        for name, (title, colors) in colorings.items()
    }  # fmt: skip


def _two_sets(found: ReportData, comparison: Comparison) -> Figures:
    plots = {
        "novelty": ("Novelty in both directions", novelty(comparison.novelty, comparison.back)),
        "both-sets": (
            "Both sets (PCA)",
            set_map(comparison.xy, comparison.novelty[comparison.rows], comparison.back_xy),
        ),
    }
    given = next((path for path in found.paths.values() if path.reference is not None), None)
    if given is not None:
        first = share_covered(comparison.novelty)
        plots["addition"] = ("Frames to add to the reference", _addition(found, given, first))
    return plots


def _addition(found: ReportData, path: MethodPath, first: float) -> hv.Overlay:
    alone = found.alone
    return addition(
        np.append(0, path.sizes),
        np.append(first, path.curve["overlap"].to_numpy()),
        None if alone is None or len(alone) != len(path.sizes) else np.append(first, alone),
        found.n_frames,
    )

"""Make the plots of the page from results: for the report, image files and notebooks."""

from collections.abc import Callable

import holoviews as hv
import numpy as np

from ..analysis.compare import Comparison, share_covered
from ..analysis.forces import Forces, forces_of, without
from ..analysis.frame_columns import statuses
from ..analysis.method_path import MethodPath, delta_entropy_at
from ..analysis.methods import METHOD_INFO
from ..plots import map_colors
from ..plots.elements.curves import entropy_diversity, overlap
from ..plots.elements.delta import delta_entropy, novelty
from ..plots.elements.forces import force_tail
from ..plots.elements.maps import environment_map
from ..plots.elements.options import load_matplotlib, titled
from ..plots.elements.sets import addition, overlap_matrix, redundancy, set_map
from ..plots.palettes import FULL_COLOR
from .report_data import ReportData, redundancy_rows

Figures = dict[str, tuple[str, hv.Overlay]]


def curve(found: ReportData) -> hv.Overlay:
    """Plot entropy against diversity."""
    curves = {method: path.curve for method, path in found.paths.items()}
    return entropy_diversity(curves, found.n_frames, found.active)


def covered(found: ReportData) -> hv.Overlay:
    """Plot overlap against size."""
    return overlap({method: path.curve for method, path in found.paths.items()}, found.n_frames)


def outliers(found: ReportData) -> hv.Overlay:
    """Plot the distribution of δH."""
    return delta_entropy({
        method: delta_entropy_at(found.opened, path, found.n_frames) for method, path in found.paths.items()
    })  # fmt: skip


def forces(found: ReportData) -> hv.Overlay:
    """Plot the tail of the forces.

    Raises
    ------
    ValueError
        If no frame that counts has forces.
    """
    values = _forces(found)
    subsets = {
        method: values.values[np.isin(values.frames, path.frames(found.n_frames))]
        for method, path in found.paths.items()
    }
    return force_tail(values.values, subsets)


def _forces(found: ReportData) -> Forces:
    opened = found.opened
    values = forces_of(opened.dataset, opened.envs.frame_index)
    return without(values, found.path.marks.excluded, len(opened.envs))


def bars(found: ReportData) -> hv.Overlay:
    """Plot entropies beside their bounds, of the labels too if these are known."""
    names, values, counts = redundancy_rows(found)
    # A label may be called as one of the first two.
    names = [*names[:2], *(f"label {name}" if name in names[:2] else name for name in names[2:])]
    entropies = dict(zip(names, zip(values, counts, strict=True), strict=True))
    return redundancy(entropies, {names[0]: FULL_COLOR, names[1]: METHOD_INFO[found.active].color})


def kept_map(found: ReportData) -> hv.Overlay:
    """Plot the map of environments, kept and dropped."""
    frame = found.opened.envs.frame_index
    status = statuses(found.path.frames(found.n_frames), found.path.marks, len(found.opened.envs))
    return _map(found, map_colors.by_status(status, frame, found.active))


def _map(found: ReportData, colors: map_colors.MapColors) -> hv.Overlay:
    if found.embedding is None:
        raise ValueError("embedding: expected coordinates, got none")
    return titled(environment_map(found.embedding, colors), found.embedding_note)


# By the name of the function of `plots`.
MAKERS: dict[str, Callable[[ReportData], hv.Overlay]] = {
    "entropy_diversity": curve,
    "overlap": covered,
    "delta_entropy": outliers,
    "force_tail": forces,
    "redundancy": bars,
    "environment_map": kept_map,
}


def figures(found: ReportData) -> Figures:
    """Return the title and element of each plot that has data, by file name."""
    load_matplotlib()
    plots = {
        "entropy-diversity": ("Entropy against diversity", curve(found)),
        "overlap": ("Overlap against size", covered(found)),
        "delta-entropy": ("Distribution of δH", outliers(found)),
    }
    if len(_forces(found).values):
        plots["forces"] = ("Force tail", forces(found))
    if found.entropies is not None:
        plots["redundancy"] = ("Redundancy", bars(found))
    if found.embedding is not None:
        novel, dense = found.delta_entropy, found.path.delta_entropy[-1]
        for name, title, figure in (
            ("kept", "kept and dropped", kept_map(found)),
            ("delta-entropy", "δH given the subset", _map(found, map_colors.by_novelty(novel, found.active))),
            ("density", "density", _map(found, map_colors.by_density(dense))),
        ):
            plots[f"map-{name}"] = (f"Map of environments: {title}", figure)
    if found.comparison is not None:
        plots |= _two_sets(found, found.comparison)
    for name, matrix in (("labels", found.labels), ("files", found.files)):
        if matrix is not None and len(matrix.names) > 1:
            plots[f"overlap-{name}"] = (f"Overlap of {name}", overlap_matrix(matrix.shares, matrix.names))
    return plots


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
        np.append(first, path.slider_curve["overlap"].to_numpy()),
        None if alone is None or len(alone) != len(path.sizes) else np.append(first, alone),
        found.n_frames,
    )

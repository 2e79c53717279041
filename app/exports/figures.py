"""Rebuild every plot of the page for the report and for image files."""

from dataclasses import dataclass

import numpy as np
from bokeh.plotting import figure

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.compare import Comparison, Matrix, share_covered
from ..analysis.forces import forces_of, without
from ..analysis.frame_columns import statuses
from ..analysis.label_entropies import LabelEntropies
from ..analysis.method_path import MethodPath
from ..analysis.methods import METHOD_INFO
from ..plots import map_colors
from ..plots.base import add_legend, limits, padded, set_data, set_range
from ..plots.curves import (
    bound_line,
    curve_plot,
    hide_overlapping_labels,
    marked_rows,
    overlap_plot,
    path_columns,
    rows_of,
    size_span,
)
from ..plots.entropy_bars import LABEL_COLOR, redundancy_data, redundancy_plot, show_redundancy
from ..plots.forces import forces_plot, tail_data
from ..plots.map import MapFigure
from ..plots.outliers import fit, histogram_data, outliers_plot
from ..plots.palettes import FULL_COLOR
from ..plots.sets import addition_plot, matrix_plot, novelty_edges, novelty_plot, set_map, show_matrix
from ..plots.sets import histogram_data as novelty_data
from ..text.numbers import nats

_MAP_SIZE = (960, 690)


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


def figures(found: ReportData) -> dict[str, tuple[str, figure]]:
    """Return the title and figure of each plot that has data, by file name."""
    plots = {
        "entropy-diversity": ("Entropy against diversity", _curve(found)),
        "overlap": ("Covered by the subset", _overlap(found)),
        "delta-entropy": ("Distribution of δH", _outliers(found)),
    }
    if found.opened.dataset.has_forces:
        plots["forces"] = ("Force tail", _forces(found))
    if found.entropies is not None:
        plots["redundancy"] = ("Redundancy", _redundancy(found, found.entropies))
    if found.embedding is not None:
        plots |= _maps(found, found.embedding)
    if found.comparison is not None:
        plots |= _two_sets(found, found.comparison)
    for name, matrix in (("labels", found.labels), ("files", found.files)):
        if matrix is not None and len(matrix.names) > 1:
            plots[f"overlap-{name}"] = (f"Overlap of {name}", _matrix(matrix))
    return plots


def _curve(found: ReportData) -> figure:
    plot, paths = curve_plot(), found.paths
    columns = {method: path_columns(path.curve) for method, path in paths.items()}
    plot.show_methods(paths)
    for method, one in columns.items():
        set_data(plot.sources[method], one)
        set_data(plot.sources[f"{method} now"], rows_of(one, [paths[method].position(found.n_frames)]))
        plot.labels[method].visible = method == found.active
    last = next(iter(paths.values())).full_set_metrics
    plot.sources["full"].data = {name: [last[name]] for name in ("diversity", "entropy")}
    for axis, name in ((plot.figure.x_range, "diversity"), (plot.figure.y_range, "entropy")):
        set_range(axis, *padded(np.concatenate([one[name][_first_shown(one) :] for one in columns.values()])))
    for method, one in columns.items():
        marks = rows_of(one, marked_rows(one["percent"] / 100))
        set_data(plot.sources[f"{method} marks"], hide_overlapping_labels(marks, plot.figure))
    bound = float(np.log(last["n_envs"]))
    if bound <= limits(plot.figure.y_range)[1]:
        span, label = bound_line(plot.figure)
        span.location = label.y = bound
        label.text = f"ln N = {nats(bound, 2)}"
    return plot.figure


def _first_shown(columns: dict[str, np.ndarray]) -> int:
    """Return the first row inside the initial ranges: smaller subsets would dominate the axes."""
    return int(np.searchsorted(columns["percent"], 9))


def _overlap(found: ReportData) -> figure:
    plot, span = overlap_plot(), size_span()
    plot.show_methods(found.paths)
    for method, path in found.paths.items():
        columns, now = path_columns(path.curve), path.position(found.n_frames)
        set_data(plot.sources[method], columns)
        set_data(plot.sources[f"{method} now"], rows_of(columns, [now]))
        span.location = float(columns["percent"][now])
    plot.figure.add_layout(span)
    return plot.figure


def _outliers(found: ReportData) -> figure:
    plot = outliers_plot()
    plot.show_methods(found.paths)
    columns = {
        method: histogram_data(path.delta_entropy[path.position(found.n_frames)])
        for method, path in found.paths.items()
    }
    for method, one in columns.items():
        set_data(plot.sources[method], one)
    fit(plot, list(columns.values()))
    return plot.figure


def _forces(found: ReportData) -> figure:
    plot, opened = forces_plot(), found.opened
    forces = forces_of(opened.dataset, opened.envs.frame_index)
    forces = without(forces, found.path.marks.excluded, len(opened.envs))
    plot.show_methods(found.paths)
    set_data(plot.sources["full"], tail_data(forces.values))
    for method, path in found.paths.items():
        kept = np.isin(forces.frames, path.frames(found.n_frames))
        set_data(plot.sources[method], tail_data(forces.values[kept]))
    if len(forces.values):
        set_range(plot.figure.x_range, 0, 1.03 * max(forces.values[-1], 1e-3))
        set_range(plot.figure.y_range, 0.6 / len(forces.values), 1.6)
    return plot.figure


def redundancy_rows(found: ReportData, labels: LabelEntropies) -> tuple[list[str], list[float], list[int]]:
    """Return names, entropies and numbers of environments of the full set, the subset and each label."""
    full, row = found.path.full_set_metrics, found.path.metrics(found.n_frames)
    names = ["full set", f"subset of {found.active}", *labels.names]
    entropies = [full["entropy"], row["entropy"], *labels.entropies]
    return names, entropies, [int(full["n_envs"]), int(row["n_envs"]), *labels.n_envs]


def _redundancy(found: ReportData, labels: LabelEntropies) -> figure:
    plot, rows = redundancy_plot(), redundancy_rows(found, labels)
    colors = [FULL_COLOR, METHOD_INFO[found.active].color] + [LABEL_COLOR] * (len(rows[0]) - 2)
    show_redundancy(plot, redundancy_data(*rows, colors))
    return plot.figure


def _maps(found: ReportData, embedding: np.ndarray) -> dict[str, tuple[str, figure]]:
    frame = found.opened.envs.frame_index
    status = statuses(found.path.frames(found.n_frames), found.path.marks, len(found.opened.envs))
    colorings = {
        "kept": ("kept and dropped", map_colors.by_status(status, frame, found.active)),
        "delta-entropy": ("δH given the subset", map_colors.by_novelty(found.delta_entropy, found.active)),
        "density": ("density", map_colors.by_density(found.path.delta_entropy[-1])),
    }
    plots = {}
    for name, (title, colors) in colorings.items():
        plot = MapFigure(size=_MAP_SIZE, always_image=True)
        plot.set_points(embedding, frame)
        plot.set_colors(colors)
        plot.draw()
        plot.set_title(found.embedding_note)
        _name_colors(plot.figure, colors)
        plots[f"map-{name}"] = (f"Map of environments: {title}", plot.figure)
    return plots


def _name_colors(fig: figure, colors: map_colors.MapColors) -> None:
    """Add a legend for the categorical colours of an image."""
    if colors.legend:
        marks = {f"{name} {n:,}": fig.scatter([], [], color=color) for name, color, n in colors.legend}
        add_legend(fig, {name: [mark] for name, mark in marks.items()})


def _two_sets(found: ReportData, comparison: Comparison) -> dict[str, tuple[str, figure]]:
    frame = found.opened.envs.frame_index
    novelty, both = novelty_plot(), set_map()
    edges = novelty_edges(comparison.novelty, comparison.back)
    data = [novelty_data(values, edges) for values in (comparison.novelty, comparison.back)]
    for name, columns in zip(("set", "reference"), data, strict=True):
        set_data(novelty.sources[name], columns)
    set_range(novelty.figure.x_range, edges[0], edges[-1])
    set_range(novelty.figure.y_range, 0, 1.08 * max(columns["share"].max() for columns in data))
    order = comparison.rows[np.argsort(comparison.novelty[comparison.rows], kind="stable")]
    places = np.searchsorted(comparison.rows, order)
    both.set_points(comparison.xy[places], comparison.novelty[order], frame[order], comparison.back_xy)
    plots = {
        "novelty": ("Novelty in both directions", novelty.figure),
        "both-sets": ("Both sets (PCA)", both.figure),
    }
    given = next((path for path in found.paths.values() if path.reference is not None), None)
    if given is not None:
        plots["addition"] = (
            "Frames to add to the reference",
            _addition(found, given, share_covered(comparison.novelty)),
        )
    return plots


def _addition(found: ReportData, path: MethodPath, first: float) -> figure:
    plot, span = addition_plot()
    sizes = np.append(0, path.sizes)
    covered = {"given": path.curve["overlap"].to_numpy(), "alone": found.alone}
    for name, shares in covered.items():
        if shares is not None and len(shares) == len(path.sizes):
            percent = 100 * np.append(first, shares)
            plot.sources[name].data = {"n_frames": sizes, "percent": percent}
    set_range(plot.figure.x_range, 0, 1.02 * sizes[-1])
    span.location = found.n_frames
    return plot.figure


def _matrix(matrix: Matrix) -> figure:
    plot = matrix_plot()
    show_matrix(plot, matrix.shares, matrix.names)
    return plot.figure

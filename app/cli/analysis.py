"""Analyse a file as the dashboard does, for the commands."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quests_core import Progress
from quests_core.cli.arguments import flag
from quests_core.cli.common import CommandContext
from quests_core.io.pool import paths_of
from quests_core.utils.frame_ranges import parse_ranges
from quests_core.utils.validation import check_n_to_select

from ..analysis.methods import DEFAULT_METHODS, METHODS, MSC_WITH_REFERENCE

if TYPE_CHECKING:
    from ..exports.report_data import ReportData

Compared = Annotated[str, typer.Option("--methods", help="Methods to compare the selected one with.")]
ComparedFile = Annotated[
    str | None,
    typer.Option(
        "--reference",
        "-r",
        help="A file to compare with; with the method msc, its structures are already available.",
    ),
]
WithUmap = Annotated[bool, flag("--umap/--no-umap", help="Draw the map by UMAP, or by principal components.")]
DEFAULT_COMPARED = ",".join(DEFAULT_METHODS)
_PACKAGES = ("panel", "holoviews", "matplotlib", "umap")


@dataclass(frozen=True)
class Request:
    """What to analyse: the options of a command.

    Attributes
    ----------
    files : sequence of str
        FILE arguments.
    method, methods : str
        The method whose subset is exported, and those it is compared with, separated by commas.
    size : int or float
        Number of frames, or a fraction.
    k, cutoff, bandwidth, species, energy_key, forces_key, label_key
        See `quests_app.analysis.parameters.Parameters`.
    locked, excluded : str
        Ranges of frames.
    lock_isolated : bool
        Whether to lock isolated atoms.
    reference : str or None
        A file to compare with.
    umap : bool
        Whether to draw the map by UMAP.
    """

    files: Sequence[str]
    method: str
    methods: str
    size: int | float
    k: int
    cutoff: float
    bandwidth: float
    species: bool
    energy_key: str | None
    forces_key: str | None
    label_key: str | None
    locked: str
    excluded: str
    lock_isolated: bool
    reference: str | None
    umap: bool

    @property
    def all_methods(self) -> list[str]:
        """The methods to compute, in the order of the dashboard."""
        known = [name for name in METHODS if name != MSC_WITH_REFERENCE]
        asked = {self.method, *filter(None, self.methods.split(","))}
        if unknown := sorted(asked - set(known)):
            raise typer.BadParameter(
                f"expected methods with nested subsets ({', '.join(known)}), got {unknown[0]!r}",
                param_hint="--methods",
            )
        return [name for name in known if name in asked]


def check_installed() -> None:
    """Raise an error if the packages of the dashboard are not installed."""
    if missing := [name for name in _PACKAGES if importlib.util.find_spec(name) is None]:
        raise ImportError(f'plots and tables need {", ".join(missing)}: pip install "quests-explorer[app]"')


def analyse(context: CommandContext, source: Path | tuple[Path, ...], request: Request) -> "ReportData":
    """Return all results that the dashboard exports, from its cache if they are stored there."""
    # Imported here: Panel takes seconds, and other commands do not need it.
    from ..analysis import compare, reference
    from ..analysis.analysed_dataset import check_dataset
    from ..analysis.label_entropies import label_entropies
    from ..analysis.map_placement import LIMIT
    from ..analysis.parameters import Marks, Parameters
    from ..exports.report_data import ReportData
    from ..jobs.umap_process import MIN_POINTS
    from ..server.uploads import UploadFolder
    from ..session.results import Results
    from ..text.sentences import files_name, map_sentence

    progress = context.progress or Progress()
    parameters = Parameters(
        request.k, request.cutoff, request.bandwidth, request.species,
        energy_key=request.energy_key or "", forces_key=request.forces_key or "",
        label_key=request.label_key or "",
    )  # fmt: skip
    uploads = UploadFolder()
    try:
        results = Results(uploads)
        name = files_name([path.name for path in paths_of(source)])
        opened = results.open(source, name, parameters, progress)
        n_frames = len(opened.envs)
        excluded = parse_ranges(request.excluded, n_frames, "excluded")
        isolated = opened.dataset.locked if request.lock_isolated else ()
        locked = {*parse_ranges(request.locked, n_frames, "locked"), *isolated} - set(excluded)
        marks = Marks(tuple(sorted(locked)), excluded)
        size = max(len(locked), check_n_to_select(request.size, n_frames - len(excluded)))
        paths = {method: results.path(opened, method, marks, progress) for method in request.all_methods}
        n_envs = opened.envs.n_envs
        kind = "UMAP" if request.umap and n_envs >= MIN_POINTS else "PCA"
        xy = results.umap(opened, progress) if kind == "UMAP" else results.pca(opened)
        labels = ("label entropies", marks.excluded)
        found = ReportData(
            opened, paths, request.method, size, xy, map_sentence(kind, n_envs, min(n_envs, LIMIT)),
            results.get(opened, labels, lambda: label_entropies(opened, marks, progress)),
            tuple(results.get(opened, "health", lambda: check_dataset(opened, progress))),
        )  # fmt: skip
        if len(set(opened.dataset.labels)) > 1:
            found = replace(found, labels=compare.label_matrix(opened, marks, progress))
        if request.reference is None:
            return found
        file = context.path(request.reference)
        other = reference.reference(file, file.name, parameters, progress=progress)
        given = results.path(opened, MSC_WITH_REFERENCE, marks, progress, other)
        comparison = compare.compare(opened, other, marks, progress)
        msc = paths.get("msc")
        return replace(
            found, paths={**paths, MSC_WITH_REFERENCE: given}, comparison=comparison,
            active=MSC_WITH_REFERENCE if request.method == "msc" else request.method,
            alone=None if msc is None else compare.covered_along(comparison.novelty, msc.delta_entropy),
            files=compare.file_matrix(opened, (other,), marks, progress),
        )  # fmt: skip
    finally:
        uploads.close()

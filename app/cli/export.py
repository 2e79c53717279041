"""The command ``export``: write the tables and plots of the dashboard."""

from pathlib import Path
from typing import Annotated

import typer

from quests_core.cli.arguments import (
    Bandwidth,
    Cutoff,
    EnergyKey,
    Excluded,
    Files,
    Force,
    ForcesKey,
    FrameOrder,
    Json,
    K,
    LabelKey,
    Locked,
    LockIsolated,
    Method,
    Order,
    Size,
    Species,
    parse_size,
)
from quests_core.cli.common import app, command_context
from quests_core.cli.output import STDIO, check_target, print_result, write_target
from quests_core.cli.subset_files import Keys, SplitDistance, SplitRatio, SplitSeed, SubsetFiles
from quests_core.io.pool import paths_of

from .analysis import DEFAULT_COMPARED, Compared, ComparedFile, Request, WithUmap, analyse, check_installed

_Output = Annotated[
    str | None,
    typer.Option("--output", "-o", help="Archive of everything, .zip, as the dashboard exports it."),
]
_Parts = Annotated[
    str,
    typer.Option(help="Parts of the archive besides the subset: indices,tables,environments,plots,report."),
]
_Tables = Annotated[str | None, typer.Option(help="Folder for every table, .csv.", metavar="DIR")]
_Plots = Annotated[
    str | None, typer.Option(help="Folder for every plot, .svg, .png and .pdf.", metavar="DIR")
]


@app.command()
def export(
    files: Files, output: _Output = None, tables: _Tables = None, plots: _Plots = None,
    parts: _Parts = "indices,tables,plots,report", method: Method = "balanced", size: Size = None,
    reference: ComparedFile = None, methods: Compared = DEFAULT_COMPARED, k: K = 32, cutoff: Cutoff = 5.0,
    bandwidth: Bandwidth = 0.015, species: Species = False, locked: Locked = "", excluded: Excluded = "",
    lock_isolated: LockIsolated = True, umap: WithUmap = True, energy_key: EnergyKey = None,
    forces_key: ForcesKey = None, label_key: LabelKey = None,
    order: FrameOrder = Order.file, keys: Keys = "source", split: SplitRatio = None,
    split_distance: SplitDistance = 1.0, split_seed: SplitSeed = 0, force: Force = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Write the tables and plots that the dashboard shows of FILE, or its whole archive."""
    if output is None and tables is None and plots is None:
        raise typer.BadParameter("expected --output, --tables or --plots")
    if output is None and (split is not None or keys != "source"):
        raise typer.BadParameter("expected an archive for frames", param_hint="--output")
    request = Request(
        files, method, methods, parse_size("0.25" if size is None else size, "--size"), k, cutoff, bandwidth,
        species, energy_key, forces_key, label_key, locked, excluded, lock_isolated, reference, umap,
    )  # fmt: skip
    written = SubsetFiles.parse(None, keys, split, split_distance, split_seed)
    with command_context() as context:
        check_installed()
        from ..exports.bundle import PARTS, PLOTS, TABLES, ExportOptions, exported_files, zipped

        asked = tuple(filter(None, parts.split(",")))
        if unknown := sorted(set(asked) - set(PARTS.values())):
            raise ValueError(f"--parts: expected some of {', '.join(PARTS.values())}, got {unknown[0]!r}")
        source = context.source(files)
        check_target(output, force, *paths_of(source), endings=(".zip",))
        folders = {TABLES: tables, PLOTS: plots}
        for folder in filter(None, folders.values()):
            _check_folder(folder, force)
        written = written.check(force)
        found = analyse(context, source, request)
        archived = asked if output is not None else ()
        made = {part for part, folder in folders.items() if folder is not None} - set(archived)
        options = ExportOptions(
            order.value, written.kind, (*archived, *sorted(made)), written.valid_fraction, split_distance,
            split_seed,
        )  # fmt: skip
        contents, notes = exported_files(found, options, context.progress)
        names: list[str] = []
        for part, place in folders.items():
            if place is not None:
                names += _write_folder(place, part, contents, force)
        if output is not None:
            kept = {name: data for name, data in contents.items() if name.partition("/")[0] not in made}
            write_target(output, zipped(kept), force)
            names.append(output)
    result = {"method": found.active, "n_frames": found.n_frames, "files": names, "notes": list(notes)}
    lines = [f"{found.active} keeps {found.n_frames:,} of {len(found.opened.envs):,} frames", *notes]
    places = [place for place in (tables, plots, output) if place is not None and place != STDIO]
    if places:
        lines.append(f"Written to {', '.join(places)}")
    print_result(result, "\n".join(lines), as_json, output)


def _check_folder(folder: str, force: bool) -> None:
    """Raise an error if a folder cannot be made, or if it holds files that could be replaced."""
    path = Path(folder)
    if path.exists():
        if not path.is_dir():
            raise NotADirectoryError(f"{folder}: expected a folder")
        if any(path.iterdir()) and not force:
            raise FileExistsError(f"{folder} is not empty; --force replaces files of the same names")
    elif not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"{folder}: there is no folder {path.absolute().parent}")


def _write_folder(folder: str, part: str, contents: dict[str, bytes], force: bool) -> list[str]:
    """Write the files of a part of the archive to a folder; return their names."""
    path = Path(folder)
    path.mkdir(exist_ok=True)
    names = []
    for name, data in contents.items():
        if name.startswith(f"{part}/"):
            names.append(str(path / name.partition("/")[2]))
            write_target(names[-1], data, force)
    return names

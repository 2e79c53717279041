"""The command ``report``: write what the dashboard shows of a file as one HTML page."""

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
    K,
    LabelKey,
    Locked,
    LockIsolated,
    Method,
    Size,
    Species,
    parse_size,
)
from quests_core.cli.common import app, command_context
from quests_core.cli.output import check_target, print_result, write_target
from quests_core.io.pool import paths_of

from .analysis import DEFAULT_COMPARED, Compared, ComparedFile, Request, WithUmap, analyse, check_installed

_Output = Annotated[str, typer.Option("--output", "-o", help="The page, .html; - for standard output.")]


@app.command()
def report(
    files: Files, output: _Output, method: Method = "balanced", size: Size = None,
    reference: ComparedFile = None, methods: Compared = DEFAULT_COMPARED, k: K = 32, cutoff: Cutoff = 5.0,
    bandwidth: Bandwidth = 0.015, species: Species = False, locked: Locked = "", excluded: Excluded = "",
    lock_isolated: LockIsolated = True, umap: WithUmap = True, energy_key: EnergyKey = None,
    forces_key: ForcesKey = None, label_key: LabelKey = None,
    force: Force = False,
) -> None:  # fmt: skip
    """Write a report on FILE and on its subset: settings, health, plots, numbers and provenance."""
    request = Request(
        files, method, methods, parse_size("0.25" if size is None else size, "--size"), k, cutoff, bandwidth,
        species, energy_key, forces_key, label_key, locked, excluded, lock_isolated, reference, umap,
    )  # fmt: skip
    with command_context() as context:
        check_installed()
        from ..exports.bundle import REPORT, ExportOptions, exported_files

        source = context.source(files)
        check_target(output, force, *paths_of(source), endings=(".html", ".htm"))
        found = analyse(context, source, request)
        made, _ = exported_files(found, ExportOptions(parts=(REPORT,)), context.progress)
        write_target(output, made["report.html"], force)
    kept = f"{found.active} keeps {found.n_frames:,} of {len(found.opened.envs):,} frames"
    print_result({}, f"{kept}\nWritten to {output}", False, output)

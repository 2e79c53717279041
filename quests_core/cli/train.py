"""The command ``train``: train potentials on subsets of a file, and compare their errors."""

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..io.compressed import plain_name
from ..io.element_filter import elements_of
from ..potentials import TRAINERS, PotentialComparison, compare_potentials, make_trainer
from ..potentials.hold_out import TESTS
from ..selection import METHODS
from ..utils.escape import csv_bytes, one_line
from .arguments import (
    Bandwidth,
    Cutoff,
    EnergyKey,
    File,
    Force,
    ForcesKey,
    Json,
    K,
    LabelKey,
    Seed,
    Species,
    parse_size,
)
from .common import app, command_context
from .output import STDIO, check_target, print_result, write_line, write_target

# As shells report a program that SIGINT has ended.
_INTERRUPTED = 130

_Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", help="Table of the errors of each potential, .csv; - for standard output."
    ),
]
_Groups = Annotated[
    str | None,
    typer.Option(
        "--groups", help="Table of the errors by label, element, force and δH of test environments, .csv."
    ),
]
_Folder = Annotated[
    str | None,
    typer.Option(
        "--folder",
        help="Folder for finished potentials, their logs and a record; repeat the command to continue. "
        "By default the name of the output with the suffix .potentials.",
    ),
]
_Methods = Annotated[
    str, typer.Option("--methods", "-m", help=f"Selection methods, of: {', '.join(METHODS)}.")
]
_Sizes = Annotated[
    str, typer.Option("--sizes", "-s", help="Numbers of training frames, or fractions: 100,1000 or 10%,50%.")
]
_Trainer = Annotated[str, typer.Option("--trainer", help=f"The trainer: {', '.join(TRAINERS)}.")]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A parameter of the trainer, such as n_sparse=1000; may be repeated."),
]
_TimeLimit = Annotated[float | None, typer.Option("--time-limit", help="Time limit for each potential, s.")]
_Seeds = Annotated[int, typer.Option("--seeds", help="Number of potentials for each method and size.")]
_Test = Annotated[
    str,
    typer.Option(
        "--test",
        help="Frames to hold out: random; stratified by label; the labels given by --test-label; "
        "highest_forces.",
        metavar="|".join(TESTS),
    ),
]
_TestSize = Annotated[
    str, typer.Option("--test-size", help="Number of test frames, or a fraction: 0.2 or 20%.")
]
_TestLabels = Annotated[
    list[str] | None, typer.Option("--test-label", help="A label to hold out; may be repeated.")
]


@app.command()
def train(
    file: File, output: _Output = None, methods: _Methods = "balanced,msc,random",
    sizes: _Sizes = "10%,25%,50%", trainer: _Trainer = "gap", parameters: _Set = None,
    time_limit: _TimeLimit = None, seeds: _Seeds = 3, test: _Test = "random", test_size: _TestSize = "20%",
    test_labels: _TestLabels = None, folder: _Folder = None, groups: _Groups = None, k: K = 32,
    cutoff: Cutoff = 5.0, bandwidth: Bandwidth = 0.015, species: Species = False, seed: Seed = 0,
    energy_key: EnergyKey = None, forces_key: ForcesKey = None, label_key: LabelKey = None,
    force: Force = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Train potentials on subsets of FILE, and compare their errors on frames that are held out."""
    if output is None:
        raise typer.BadParameter("expected a file for the table", param_hint="--output")
    if output == STDIO and folder is None:
        raise typer.BadParameter(
            "expected a folder if the table is not written to a file", param_hint="--folder"
        )
    kept = Path(folder) if folder is not None else Path(output).parent / f"{_stem(output)}.potentials"
    counts = [parse_size(size, "--sizes") for size in sizes.split(",")]
    n_test = parse_size(test_size, "--test-size")
    if seeds < 1:
        raise typer.BadParameter(f"expected at least 1, got {seeds}", param_hint="--seeds")
    with command_context() as context:
        trained_by = make_trainer(trainer, parameters or [], time_limit)
        path = context.path(file)
        for target in (output, groups):
            check_target(target, force, path, endings=(".csv",))
        frames = context.frames(path, energy_key, forces_key)
        elements = list(elements_of(frames)) if species else None
        try:
            found = compare_potentials(
                frames, methods.split(","), counts, trained_by, test, range(seed, seed + seeds),
                test_size=n_test, test_labels=test_labels or (), label_key=label_key, k=k, cutoff=cutoff,
                bandwidth=bandwidth, species=elements, random_state=seed, folder=kept,
                progress=context.progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            write_line(
                f"Interrupted: {kept} keeps finished potentials; repeat the command to continue", err=True
            )
            raise typer.Exit(_INTERRUPTED) from None
        write_target(output, csv_bytes(found.table), force)
        if groups is not None:
            write_target(groups, csv_bytes(found.groups), force)
    result = {"file": file, "folder": str(kept), **found.record}
    print_result(result, _shown(found), as_json, output)
    if len(found.failures) == len(found.table):
        raise typer.Exit(1)


def _stem(output: str) -> str:
    return Path(plain_name(output)).stem


def _shown(found: PotentialComparison) -> Group:
    """Return a table of mean force errors of each method and size, and the reasons of failures."""
    table, n_test = found.table, len(found.split.test)
    means = table.pivot_table(
        index="method", columns="n_frames", values="force_rmse", aggfunc="mean", dropna=False, sort=False
    )
    sizes = sorted(table.n_frames.unique())
    shown = Table("method", *(f"{size:,} frames" for size in sizes), box=SIMPLE)
    for method, row in means.iterrows():
        cells = [row.get(size, float("nan")) for size in sizes]
        shown.add_row(one_line(method), *("-" if value != value else f"{value:.4f}" for value in cells))
    n_seeds = table.seed.nunique()
    mean = f", mean over {n_seeds} seeds" if n_seeds > 1 else ""
    title = f"Force RMSE on {n_test:,} test frames, eV/Å{mean}"
    lines = [
        Text(f"{row.method}, {row.n_frames:,} frames, seed {row.seed}: {row.status}: {one_line(row.message)}")
        for row in found.failures.itertuples()
    ]
    return Group(Text(title), shown, *lines)

"""Commands for one file: ``entropy``, ``diversity``, ``metrics``, ``learning-curve``, ``bandwidth``."""

import math
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from ..information.bandwidth import bandwidth_from_volume
from ..information.entropy import diversity_from_sums, entropy_from_sums
from ..information.learning_curve import learning_curve as learning_curve_of
from ..io.dataset import load as load_file
from ..io.dataset import volume_per_atom
from ..kernel_sums.sums import check_merge, self_sums
from ..utils.escape import csv_bytes
from ..utils.validation import check_sane
from .arguments import (
    Bandwidth,
    Cutoff,
    DryRun,
    EnergyKey,
    File,
    Force,
    ForcesKey,
    Json,
    K,
    LabelKey,
    MemoryLimit,
    Merge,
    Parameters,
    Scheduler,
    Seed,
    Species,
    Store,
    parse_size,
)
from .common import app, command_context, sizes_and_parameters
from .output import check_target, print_result, write_target
from .scheduler import connected

_QUANTITIES = {"entropy": entropy_from_sums, "diversity": diversity_from_sums}


@app.command()
def entropy(
    file: File, k: K = 32, cutoff: Cutoff = 5.0, bandwidth: Bandwidth = 0.015, species: Species = False,
    energy_key: EnergyKey = None, forces_key: ForcesKey = None, store: Store = None,
    memory_limit: MemoryLimit = None, merge: Merge = None, scheduler: Scheduler = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Print the information entropy of FILE and its upper bound ln N, in nats."""
    parameters, keys = Parameters(k, cutoff, bandwidth, species), (energy_key, forces_key)
    _measure(file, parameters, ("entropy",), as_json, keys, store, memory_limit, merge, scheduler)


@app.command()
def diversity(
    file: File, k: K = 32, cutoff: Cutoff = 5.0, bandwidth: Bandwidth = 0.015, species: Species = False,
    energy_key: EnergyKey = None, forces_key: ForcesKey = None, store: Store = None,
    memory_limit: MemoryLimit = None, merge: Merge = None, scheduler: Scheduler = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Print the diversity of FILE, the logarithm of its number of unique environments, in nats."""
    parameters, keys = Parameters(k, cutoff, bandwidth, species), (energy_key, forces_key)
    _measure(file, parameters, ("diversity",), as_json, keys, store, memory_limit, merge, scheduler)


@app.command()
def metrics(
    file: File, k: K = 32, cutoff: Cutoff = 5.0, bandwidth: Bandwidth = 0.015, species: Species = False,
    energy_key: EnergyKey = None, forces_key: ForcesKey = None, store: Store = None,
    memory_limit: MemoryLimit = None, merge: Merge = None, scheduler: Scheduler = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Print the entropy and the diversity of FILE."""
    parameters, keys = Parameters(k, cutoff, bandwidth, species), (energy_key, forces_key)
    _measure(file, parameters, tuple(_QUANTITIES), as_json, keys, store, memory_limit, merge, scheduler)


def _measure(
    file: str, parameters: Parameters, wanted: tuple[str, ...], as_json: bool,
    keys: tuple[str | None, str | None], store: str | None, memory_limit: str | None, merge: float | None,
    scheduler: str | None,
) -> None:  # fmt: skip
    with command_context() as context, connected(scheduler, store) as client:
        path = context.path(file)
        if store is not None:
            envs = context.stored(parameters, path, store, memory_limit, *keys, client=client)
        elif memory_limit is not None:
            raise ValueError("memory_limit: expected together with --store, got it alone")
        else:
            (envs,) = context.environments(parameters, context.frames(path, *keys))
        h = check_sane(parameters.bandwidth, "bandwidth")
        merge = check_merge(merge)
        sums = self_sums(envs, envs.X, h, "single", wanted[0], context.progress, client, merge)
        values = {name: _QUANTITIES[name](sums) for name in wanted}
        result = {
            "file": file,
            **values,
            "bound": math.log(envs.n_envs),
            **sizes_and_parameters(parameters, {"": envs}),
        }
    listed = ", ".join(f"{name} {value:.3f} nats" for name, value in values.items())
    text = f"{listed}; at most ln {envs.n_envs:,} = {result['bound']:.3f} nats"
    if merge is not None:
        n_merged = len(envs.merged(merge * h))
        result |= {"merge": merge, "n_merged_envs": n_merged}
        text += f"; {n_merged:,} environments after merging"
    print_result(result, text, as_json)


@app.command("learning-curve")
def learning_curve(
    file: File,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="CSV file for the curve; - for standard output.")
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option("--sizes", "-f", help="Numbers of environments, or fractions: 100,1000 or 10%,50%."),
    ] = None,
    n_repeats: Annotated[int, typer.Option("--repeats", "-n", help="Number of samples of each size.")] = 3,
    k: K = 32,
    cutoff: Cutoff = 5.0,
    bandwidth: Bandwidth = 0.015,
    species: Species = False,
    seed: Seed = 0,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Print the entropy of random samples by size: where it levels off, more data add no information."""
    given = None if sizes is None else [parse_size(size, "--sizes") for size in sizes.split(",")]
    parameters = Parameters(k, cutoff, bandwidth, species)
    with command_context() as context:
        path = context.path(file)
        check_target(output, force or dry_run, path)
        (envs,) = context.environments(parameters, context.frames(path, energy_key, forces_key))
        counts = None if given is None else [_count(size, envs.n_envs) for size in given]
        curve = learning_curve_of(
            envs, counts, n_repeats, bandwidth=bandwidth, random_state=seed, progress=context.progress
        )
        if output is not None and not dry_run:
            write_target(output, csv_bytes(curve), force)
    result = {
        "file": file,
        "learning_curve": curve.to_dict("list"),
        **sizes_and_parameters(parameters, {"": envs}),
    }
    table = Table(*curve.columns, box=SIMPLE)
    for row in curve.itertuples(index=False):
        table.add_row(*(f"{value:,}" if isinstance(value, int) else f"{value:.4f}" for value in row))
    print_result(result, table, as_json, output if not dry_run else None)


def _count(size: int | float, n_envs: int) -> int:
    """Return a number of environments; a float is a fraction of `n_envs`."""
    if isinstance(size, float) and not 0 < size <= 1:
        raise ValueError(f"sizes: expected fractions above 0 and up to 100%, got {100 * size:g}%")
    return max(1, round(size * n_envs)) if isinstance(size, float) else size


@app.command()
def bandwidth(
    volume: Annotated[
        str,
        typer.Argument(
            help="Volume per atom, Å³, or a file whose mean volume per atom to use.", metavar="VOLUME|FILE"
        ),
    ],
    label_key: LabelKey = None,
    as_json: Json = False,
) -> None:
    """Print a bandwidth for a volume per atom; isolated atoms of a file are ignored."""
    with command_context() as context:
        try:
            value = float(volume)
        except ValueError:
            dataset = load_file(context.path(volume), progress=context.progress, label_key=label_key)
            mean, _ = volume_per_atom(dataset)
            if mean is None:
                raise ValueError(f"{volume}: no frame is periodic in three directions") from None
            value = mean
        h = bandwidth_from_volume(value)
    text = f"{value:.3f} Å³ per atom: bandwidth {h:.5f} Å⁻¹"
    print_result({"volume": value, "bandwidth": h}, text, as_json)

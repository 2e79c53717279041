"""What one file holds: ``entropy``, ``diversity``, ``metrics``, ``learning-curve``, ``bandwidth``."""

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
from ..kernel_sums.sums import self_log_kernel_sums, tiles_of
from ..utils.escape import csv_bytes
from ..utils.validation import check_sane
from .common import (
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
    Parameters,
    Seed,
    Species,
    app,
    check_target,
    of_sets,
    print_result,
    size_of,
    working,
    write_target,
)

_QUANTITIES = {"entropy": entropy_from_sums, "diversity": diversity_from_sums}


@app.command()
def entropy(
    file: File, k: K = 32, cutoff: Cutoff = 5.0, bandwidth: Bandwidth = 0.015, species: Species = False,
    energy_key: EnergyKey = None, forces_key: ForcesKey = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Tell how much information FILE holds, nats, and the bound ln N."""
    _measure(file, Parameters(k, cutoff, bandwidth, species), ("entropy",), as_json, energy_key, forces_key)


@app.command()
def diversity(
    file: File, k: K = 32, cutoff: Cutoff = 5.0, bandwidth: Bandwidth = 0.015, species: Species = False,
    energy_key: EnergyKey = None, forces_key: ForcesKey = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Tell how many unique environments FILE holds, as a logarithm, nats."""
    _measure(file, Parameters(k, cutoff, bandwidth, species), ("diversity",), as_json, energy_key, forces_key)


@app.command()
def metrics(
    file: File, k: K = 32, cutoff: Cutoff = 5.0, bandwidth: Bandwidth = 0.015, species: Species = False,
    energy_key: EnergyKey = None, forces_key: ForcesKey = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Tell entropy and diversity of FILE at once."""
    _measure(
        file, Parameters(k, cutoff, bandwidth, species), tuple(_QUANTITIES), as_json, energy_key, forces_key
    )


def _measure(
    file: str, parameters: Parameters, wanted: tuple[str, ...], as_json: bool, *keys: str | None
) -> None:
    with working() as work:
        (envs,) = work.environments(parameters, work.frames(work.path(file), *keys))
        h = check_sane(parameters.bandwidth, "bandwidth")
        sums = self_log_kernel_sums(tiles_of(envs, envs.X), h, "single", wanted[0], work.progress)
        values = {name: _QUANTITIES[name](sums) for name in wanted}
        result = {"file": file, **values, "bound": math.log(envs.n_envs), **of_sets(parameters, {"": envs})}
    listed = ", ".join(f"{name} {value:.3f} nats" for name, value in values.items())
    text = f"{listed}; at most ln {envs.n_envs:,} = {result['bound']:.3f} nats"
    print_result(result, text, as_json)


@app.command("learning-curve")
def learning_curve(
    file: File,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="A csv file; - is standard output.")
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option("--sizes", "-f", help="Numbers of environments, or shares: 100,1000 or 10%,50%."),
    ] = None,
    n_repeats: Annotated[int, typer.Option("--repeats", "-n", help="Random samples of each size.")] = 3,
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
    """Tell the entropy of random samples against their size: where it is flat, more brings nothing new."""
    asked = None if sizes is None else [size_of(one, "--sizes") for one in sizes.split(",")]
    parameters = Parameters(k, cutoff, bandwidth, species)
    with working() as work:
        path = work.path(file)
        check_target(output, force or dry_run, path)
        (envs,) = work.environments(parameters, work.frames(path, energy_key, forces_key))
        counts = None if asked is None else [_count(n, envs.n_envs) for n in asked]
        curve = learning_curve_of(
            envs, counts, n_repeats, bandwidth=bandwidth, random_state=seed, progress=work.progress
        )
        if output is not None and not dry_run:
            write_target(output, csv_bytes(curve), force)
    result = {"file": file, "learning_curve": curve.to_dict("list"), **of_sets(parameters, {"": envs})}
    table = Table(*curve.columns, box=SIMPLE)
    for row in curve.itertuples(index=False):
        table.add_row(*(f"{value:,}" if isinstance(value, int) else f"{value:.4f}" for value in row))
    print_result(result, table, as_json, output if not dry_run else None)


def _count(size: int | float, n_envs: int) -> int:
    """Return a number of environments; a float is a share."""
    if isinstance(size, float) and not 0 < size <= 1:
        raise ValueError(f"sizes: expected shares above 0 and up to 100%, got {100 * size:g}%")
    return max(1, round(size * n_envs)) if isinstance(size, float) else size


@app.command()
def bandwidth(
    volume: Annotated[
        str, typer.Argument(help="Å³ an atom, or a file whose mean volume is taken.", metavar="VOLUME|FILE")
    ],
    label_key: LabelKey = None,
    as_json: Json = False,
) -> None:
    """Tell a bandwidth for a density; isolated atoms of a file do not count."""
    with working() as work:
        try:
            value = float(volume)
        except ValueError:
            dataset = load_file(work.path(volume), progress=work.progress, label_key=label_key)
            mean, _ = volume_per_atom(dataset)
            if mean is None:
                raise ValueError(f"{volume}: no frame is periodic in three directions") from None
            value = mean
        h = bandwidth_from_volume(value)
    print_result({"volume": value, "bandwidth": h}, f"{value:.3f} Å³ an atom: bandwidth {h:.5f} Å⁻¹", as_json)

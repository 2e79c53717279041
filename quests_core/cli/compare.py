"""Commands that compare two files: ``delta`` and ``overlap``."""

from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from ..environments import Environments
from ..information.entropy import OVERLAP_THRESHOLD, delta_entropy
from ..information.entropy import overlap as overlap_of
from ..io.compressed import plain_name
from ..io.frame_writer import frames_bytes
from ..utils.escape import csv_bytes
from .arguments import (
    Bandwidth,
    Cutoff,
    DryRun,
    EnergyKey,
    Force,
    ForcesKey,
    Json,
    K,
    Parameters,
    Reference,
    Species,
    Test,
)
from .common import CommandContext, app, command_context, sizes_and_parameters
from .output import FRAME_SUFFIXES, check_target, print_result, write_target

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@app.command()
def delta(
    test: Test,
    reference: Annotated[
        str | None,
        typer.Argument(
            help="The reference structures, or a store of descriptors; by default each frame is compared "
            "with itself.",
            metavar="[REF]",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the frames with a column delta_entropy, or a .csv table; - for standard output.",
        ),
    ] = None,
    k: K = 32,
    cutoff: Cutoff = 5.0,
    bandwidth: Bandwidth = 0.015,
    species: Species = False,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Print how novel the environments of TEST are to REF: δH in nats, at most 0 if covered."""
    parameters = Parameters(k, cutoff, bandwidth, species)
    with command_context() as context:
        paths = [context.path(one) for one in (test, reference) if one is not None]
        check_target(output, force or dry_run, *paths, endings=(*FRAME_SUFFIXES, ".csv"))
        frames = context.frames(paths[0], energy_key, forces_key)
        references = [context.reference(path, parameters) for path in paths[1:]]
        envs, *others = context.environments(parameters, frames, *references)
        values = _deltas(envs, others[0] if others else None, bandwidth, context)
        if output is not None and not dry_run:
            write_target(output, _output_bytes(output, frames, envs, values), force)
    result = _statistics(envs, values)
    sizes = sizes_and_parameters(parameters, {"query_": envs} | ({"reference_": others[0]} if others else {}))
    blocks = [values[a:b].tolist() for a, b in zip(envs.offsets[:-1], envs.offsets[1:], strict=True)]
    result = {"test": test, "reference": reference, **result, **sizes, "delta_entropy": blocks}
    print_result(result, _sentence(result), as_json, output if not dry_run else None)


def _deltas(
    envs: Environments, known: Environments | None, bandwidth: float, context: CommandContext
) -> np.ndarray:
    if known is not None:
        return delta_entropy(envs, known, bandwidth, progress=context.progress)
    blocks = []
    for i, block in enumerate(envs):
        blocks.append(delta_entropy(block, block, bandwidth))
        if context.progress is not None:
            context.progress("δH within frames", i + 1, len(envs))
    return np.concatenate(blocks)


def _statistics(envs: Environments, values: np.ndarray) -> dict:
    """Return summary statistics of δH."""
    largest = np.maximum.reduceat(values, envs.offsets[:-1])
    quantiles = np.quantile(values, _QUANTILES).tolist()
    return {
        "mean": float(values.mean()),
        "max": float(values.max()),
        "quantiles": {f"{q:g}": value for q, value in zip(_QUANTILES, quantiles, strict=True)},
        "overlap": float(np.mean(values < OVERLAP_THRESHOLD)),
        "most_novel_frames": np.argsort(-largest, kind="stable")[:10].tolist(),
    }


def _sentence(result: dict) -> str:
    against = "its own frame" if result["reference"] is None else result["reference"]
    novel = ", ".join(map(str, result["most_novel_frames"]))
    return (
        f"δH of {result['query_n_envs']:,} environments given {against}: mean {result['mean']:.3f}, median "
        f"{result['quantiles']['0.5']:.3f}, largest {result['max']:.3f} nats; {100 * result['overlap']:.1f} "
        f"% are covered\nMost novel frames: {novel}"
    )


def _output_bytes(output: str, frames: list[Atoms], envs: Environments, values: np.ndarray) -> bytes:
    """Return a CSV table, or the frames with the column ``delta_entropy``."""
    if plain_name(output.lower()).endswith(".csv"):
        atom = np.arange(envs.n_envs) - np.repeat(envs.offsets[:-1], envs.sizes)
        symbols = np.concatenate([atoms.get_chemical_symbols() for atoms in frames])
        columns = {"frame": envs.frame_index, "atom": atom, "element": symbols, "delta_entropy": values}
        return csv_bytes(pd.DataFrame(columns))
    for i, atoms in enumerate(frames):
        atoms.arrays["delta_entropy"] = values[envs.offsets[i] : envs.offsets[i + 1]]
    return frames_bytes(frames)


@app.command()
def overlap(
    test: Test,
    reference: Reference,
    threshold: Annotated[
        float, typer.Option("--threshold", "-e", help="An environment is covered if δH is below this, nats.")
    ] = OVERLAP_THRESHOLD,
    k: K = 32,
    cutoff: Cutoff = 5.0,
    bandwidth: Bandwidth = 0.015,
    species: Species = False,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    as_json: Json = False,
) -> None:
    """Print the fraction of the environments of TEST that REF covers."""
    parameters = Parameters(k, cutoff, bandwidth, species)
    with command_context() as context:
        frames = context.frames(context.path(test), energy_key, forces_key)
        others = context.reference(context.path(reference), parameters)
        envs, known = context.environments(parameters, frames, others)
        share = overlap_of(envs, known, bandwidth, threshold, progress=context.progress)
    result = {"test": test, "reference": reference, "overlap": share, "threshold": threshold}
    result |= sizes_and_parameters(parameters, {"query_": envs, "reference_": known})
    print_result(
        result, f"{reference} covers {100 * share:.2f} % of {envs.n_envs:,} environments of {test}", as_json
    )

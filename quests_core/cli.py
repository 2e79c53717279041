"""The command ``quests-explorer``."""

import importlib.util
import json
import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from .curve import compression_curve
from .descriptors import descriptors
from .environments import Environments
from .io import read, write_subset
from .progress import Progress
from .ranges import parse_ranges
from .selection import METHODS, Selection, select

app = typer.Typer(
    help="See how much information a set of atomic structures holds, and keep the smallest subset that does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Method = StrEnum("Method", {name: name for name in METHODS})
Order = StrEnum("Order", {"file": "file", "rank": "rank"})


@app.command()
def compress(
    file: Annotated[Path, typer.Argument(help="Structures, in any format that ASE reads; also .gz.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the subset is written.")
    ] = None,
    method: Annotated[
        Method, typer.Option("--method", "-m", help="How frames are chosen.")
    ] = Method.balanced,
    size: Annotated[str, typer.Option("--size", "-s", help="A number of frames, or a share: 0.25.")] = "0.25",
    k: Annotated[int, typer.Option("-k", help="Neighbours in the descriptor.")] = 32,
    cutoff: Annotated[float, typer.Option(help="How far neighbours are looked for, Å.")] = 5.0,
    bandwidth: Annotated[float, typer.Option(help="h of the kernel, Å⁻¹.")] = 0.015,
    species: Annotated[bool, typer.Option("--species", help="Tell elements apart.")] = False,
    locked: Annotated[str, typer.Option(help="Frames that are always kept: 0-2,7.")] = "",
    excluded: Annotated[str, typer.Option(help="Frames that are left out of everything.")] = "",
    seed: Annotated[int, typer.Option(help="Of mean_fps, k_means and random.")] = 0,
    order: Annotated[Order, typer.Option(help="Frames as in the file, or as picked.")] = Order.file,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Choose, tell, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Choose frames of FILE, and copy them byte for byte."""
    try:
        if output is None and not dry_run:
            raise ValueError("--output: expected where to write the subset, or --dry-run")
        if output is not None and output.exists() and not force:
            raise FileExistsError(f"{output} exists; --force replaces it")
        progress = Progress(_show if sys.stderr.isatty() else None)
        frames = read(file, progress=progress)
        envs = descriptors(frames, k=k, cutoff=cutoff, species="auto" if species else None, progress=progress)
        marks = {
            "locked": parse_ranges(locked, len(frames), "locked"),
            "excluded": parse_ranges(excluded, len(frames), "excluded"),
        }
        selection = select(
            envs, method.value, _size(size), bandwidth, random_state=seed, progress=progress, **marks
        )
        told = _told(envs, selection, progress)
        if output is not None and not dry_run:
            write_subset(output, file, selection.order, order=order.value, overwrite=force)
            told["output"] = str(output)
    except (OSError, ValueError, TypeError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(told) if as_json else _sentence(told))


@app.command()
def serve(
    file: Annotated[Path | None, typer.Argument(help="What to open at first; the demo if absent.")] = None,
    port: Annotated[int, typer.Option(help="Where the server listens.")] = 5006,
    show: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Start the dashboard."""
    found = importlib.util.find_spec("quests_app")
    if found is None or importlib.util.find_spec("panel") is None:
        typer.echo('Error: the dashboard is not installed: pip install "quests-explorer[app]"', err=True)
        raise typer.Exit(1)
    environment = dict(os.environ)
    if file is not None:
        if not file.is_file():
            typer.echo(f"Error: {file}: no such file", err=True)
            raise typer.Exit(1)
        environment["QUESTS_FILE"] = str(file.resolve())
    folder = next(iter(found.submodule_search_locations))
    command = [sys.executable, "-m", "panel", "serve", folder, "--port", str(port), *["--show"] * show]
    raise typer.Exit(subprocess.call(command, env=environment))


def _size(text: str) -> int | float:
    """Return a count or, where there is a decimal point, a share."""
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise ValueError(f"--size: expected a number of frames or a share like 0.25, got {text!r}") from None


def _told(envs: Environments, selection: Selection, progress: Progress) -> dict:
    """Return what is told about a selection; excluded frames count in nothing."""
    kept = np.setdiff1d(np.arange(len(envs)), selection.parameters["excluded"])
    order = np.searchsorted(kept, selection.order)
    curve = compression_curve(
        envs.take(kept), order, [len(order)], selection.parameters["bandwidth"], progress=progress
    )
    numbers = curve.iloc[-1]
    return {
        "method": selection.method,
        "n_frames": len(order),
        "n_frames_of": len(kept),
        "indices_by_rank": selection.order.tolist(),
        "metrics": {name: float(numbers[name]) for name in curve if name != "n_frames"},
        "parameters": selection.parameters,
    }


def _sentence(told: dict) -> str:
    metrics = told["metrics"]
    where = f"\nWritten to {told['output']}" if "output" in told else ""
    return (
        f"{told['method']} keeps {told['n_frames']:,} of {told['n_frames_of']:,} frames: overlap "
        f"{100 * metrics['overlap']:.1f} %, entropy {metrics['entropy']:.3f} nats, diversity "
        f"{metrics['diversity']:.3f} nats, largest δH {metrics['max_delta_entropy']:.2f} nats{where}"
    )


def _show(progress: Progress) -> None:
    end = "\n" if progress.done >= progress.total else ""
    typer.echo(f"\r\x1b[K{progress.step} {100 * progress.fraction:.0f} %{end}", nl=False, err=True)


if __name__ == "__main__":
    app()

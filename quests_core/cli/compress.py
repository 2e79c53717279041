"""The command ``compress``: select frames of a file."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
import typer
from ase import Atoms

from ..environments import Environments, store_of
from ..information.addition import Addition, addition
from ..information.comparison import comparison_sentence
from ..information.curve import compression_curve
from ..information.entropy import delta_entropy
from ..information.subset_metrics import subset_metrics
from ..io.element_filter import elements_of, parse_elements
from ..io.frame_keys import SOURCE
from ..io.pool import paths_of
from ..selection import Selection, select
from ..selection.arguments import check_client_method
from ..selection.train_valid_split import Split
from ..utils.frame_ranges import parse_ranges
from ..utils.validation import check_n_to_select
from .arguments import (
    Bandwidth,
    Cutoff,
    DryRun,
    ElementMatch,
    Elements,
    EnergyKey,
    Excluded,
    Files,
    Force,
    ForcesKey,
    FrameOrder,
    Json,
    K,
    Known,
    LabelKey,
    Locked,
    LockIsolated,
    Match,
    MemoryLimit,
    Method,
    Order,
    Parameters,
    Scheduler,
    Seed,
    Size,
    Species,
    Store,
    parse_size,
)
from .candidates import Candidates, FramesInFiles, FramesInMemory
from .common import CommandContext, app, command_context
from .output import STDIO, print_result
from .scheduler import connected
from .subset_files import Keys, SplitDistance, SplitRatio, SplitSeed, SubsetFiles

# The value of --elements that stands for the elements of the reference.
OF_REFERENCE = "reference"
Cost = StrEnum("Cost", {"frames": "frames", "environments": "environments"})


_Output = Annotated[
    str | None, typer.Option("--output", "-o", help="File for the subset; - for standard output.")
]
_Until = Annotated[
    list[str] | None,
    typer.Option(
        "--until", "-u", help="Select the smallest subset that meets: overlap=0.95, max_envs=5000, knee, …"
    ),
]
_Cost = Annotated[Cost, typer.Option(help="Cost of a frame, by which its gain is divided.")]


class _Constraints(NamedTuple):
    """Frames to keep, frames to ignore, and the isolated atoms among those to keep."""

    locked: list[int]
    excluded: tuple[int, ...]
    isolated: list[int]


@app.command()
def compress(
    files: Files, output: _Output = None, method: Method = "balanced", size: Size = None,
    until: _Until = None, reference: Known = None, k: K = 32, cutoff: Cutoff = 5.0,
    bandwidth: Bandwidth = 0.015, species: Species = False, elements: Elements = None,
    match: Match = ElementMatch.only, locked: Locked = "", excluded: Excluded = "",
    lock_isolated: LockIsolated = True, cost: _Cost = Cost.frames, seed: Seed = 0,
    order: FrameOrder = Order.file, keys: Keys = SOURCE, split: SplitRatio = None,
    split_distance: SplitDistance = 1.0, split_seed: SplitSeed = 0, energy_key: EnergyKey = None,
    forces_key: ForcesKey = None, label_key: LabelKey = None, store: Store = None,
    memory_limit: MemoryLimit = None, scheduler: Scheduler = None, force: Force = False,
    dry_run: DryRun = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Select frames of FILE, and copy them byte for byte or with the keys of a program.

    With --store, the frames need not fit in memory: their descriptors are in a folder, which describe --store
    writes, or this command.
    """
    if output is None and not dry_run:
        raise typer.BadParameter("expected a file for the subset, or --dry-run", param_hint="--output")
    targets = _targets(until)
    # With targets but no size, the subset may have any size.
    n_to_select = None if size is None and targets else parse_size("0.25" if size is None else size, "--size")
    written = SubsetFiles.parse(output, keys, split, split_distance, split_seed)
    with command_context() as context, connected(_checked(scheduler, method), store) as client:
        source = context.source(files)
        known_paths = [context.path(reference)] if reference is not None else []
        written = written.check(force or dry_run, *paths_of(source), *known_paths)
        parameters, label_keys = (
            Parameters(k, cutoff, bandwidth, species),
            (energy_key, forces_key, label_key),
        )
        candidates: FramesInMemory | FramesInFiles
        if store is None:
            if memory_limit is not None:
                raise ValueError("memory_limit: expected together with --store, got it alone")
            dataset = context.dataset(source, *label_keys)
            references = [context.reference(path, parameters) for path in known_paths]
            candidates = FramesInMemory(dataset)
            envs, *others = context.environments(parameters, dataset.frames, *references)
        else:
            opened = partial(
                context.stored, parameters, source, store, memory_limit, *label_keys, client=client
            )
            candidates = FramesInFiles(source, opened, energy_key, forces_key)
            references = [context.reference(path, parameters, memory_limit) for path in known_paths]
            envs = candidates.envs
            others = context.environments(parameters, *references)
        known = others[0] if others else None
        asked = _elements(elements, *references)
        constraints = _constraints(candidates, locked, excluded, lock_isolated, asked, match)
        _check_size(constraints, n_to_select, candidates.n_frames)
        if isinstance(candidates, FramesInFiles):
            _check_memory(candidates, constraints, known, written, n_to_select)
        selection = select(
            envs, method, n_to_select, bandwidth, known, locked=constraints.locked,
            excluded=constraints.excluded, cost=cost.value, random_state=seed, progress=context.progress,
            until=targets, y=_energies(candidates, envs.sizes) if method == "pcov_fps" else None,
            client=client,
        )  # fmt: skip
        selection = _with_locked(selection, constraints.locked, targets, envs)
        result = _report(envs, selection, known, context, client) | {"isolated_atoms": constraints.isolated}
        result["parameters"] |= {"k": k, "cutoff": cutoff, "species": species, "cost": cost.value}
        if asked is not None:
            result["parameters"] |= {"elements": list(asked), "match": match.value}
        sides = written.sides(envs, selection.order, bandwidth, candidates.isolated, context.progress)
        if sides is not None:
            result["split"] = written.split_record(sides)
        if output is not None and not dry_run:
            delta = _delta_entropy(envs, selection, known, context) if written.needs_delta_entropy else None
            result |= written.write(candidates, selection.order, order.value, sides, delta, force)
    print_result(result, _sentence(result, sides), as_json, output if not dry_run else None)


def _checked(scheduler: str | None, method: str) -> str | None:
    """Return the address of a scheduler, if the method is one that workers compute."""
    if scheduler is not None:
        check_client_method(method)
    return scheduler


def _elements(given: str | None, *references: Sequence[Atoms] | Environments) -> tuple[str, ...] | None:
    """Return the elements to choose by, or None to choose among all frames."""
    if given != OF_REFERENCE:
        return None if given is None else parse_elements(given)
    if not references:
        raise typer.BadParameter("expected a reference with --elements reference", param_hint="--reference")
    (known,) = references
    if isinstance(known, Environments):
        return store_of(known).elements
    return elements_of(known)


def _check_memory(
    candidates: FramesInFiles, constraints: _Constraints, known: Environments | None, written: SubsetFiles,
    n_to_select: int | float | None,
) -> None:  # fmt: skip
    """Raise a ValueError if an option needs more than the memory limit, before frames are selected."""
    sizes, ignored = candidates.envs.sizes, list(constraints.excluded)
    if ignored:
        # Environments that remain are a copy.
        candidates.check_in_memory(
            int(sizes.sum() - sizes[ignored].sum()), "excluded: the environments that remain"
        )
    if known is not None:
        candidates.check_in_memory(known.n_envs, "reference: its environments")
    if n_to_select is not None:
        n_chosen = check_n_to_select(n_to_select, candidates.n_frames - len(ignored))
        candidates.check_keys(written.kind, n_chosen)


def _constraints(
    candidates: Candidates, locked: str, excluded: str, lock_isolated: bool, elements: tuple[str, ...] | None,
    match: str,
) -> _Constraints:  # fmt: skip
    n_frames = candidates.n_frames
    ignored = set(parse_ranges(excluded, n_frames, "excluded"))
    asked = parse_ranges(locked, n_frames, "locked")
    if elements is not None:
        matching = candidates.matching(elements, match)
        ignored |= set(range(n_frames)).difference(matching.tolist(), asked)
        if len(ignored) == n_frames:
            raise ValueError(
                f"elements: expected elements of some frames with match {match}, got {','.join(elements)}"
            )
    isolated = [i for i in candidates.isolated if lock_isolated and i not in ignored]
    return _Constraints(sorted({*asked, *isolated}), tuple(sorted(ignored)), isolated)


def _delta_entropy(
    envs: Environments, selection: Selection, known: Environments | None, context: CommandContext
) -> np.ndarray:
    """Return δH of all environments given the subset, and the reference if there is one."""
    X = envs.take(selection.order).X
    X = X if known is None else np.concatenate([known.X, X])
    bandwidth = selection.parameters["bandwidth"]
    return delta_entropy(envs, X, bandwidth, progress=context.progress).astype(np.float32)


def _energies(candidates: Candidates, sizes: np.ndarray) -> list[float]:
    """Return the energy per atom of each frame, eV."""
    per_atom = []
    for i, energy in enumerate(candidates.energies()):
        if energy is None:
            raise ValueError(
                f"frame {i}: expected a finite energy, which the method pcov_fps needs of every frame, "
                "got none"
            )
        per_atom.append(energy / max(1, int(sizes[i])))
    return per_atom


def _targets(given: list[str] | None) -> dict[str, float] | str | None:
    """Return the targets by name, or ``"knee"``."""
    if not given or given == ["knee"]:
        return given[0] if given else None
    try:
        pairs = [(name, value) for name, value in (text.split("=") for text in given)]
        targets = {name: int(value) if name == "max_envs" else float(value) for name, value in pairs}
    except ValueError:
        raise typer.BadParameter(
            f"expected knee, or a target like overlap=0.95, got {' '.join(given)!r}", param_hint="--until"
        ) from None
    if len(targets) < len(pairs):
        raise typer.BadParameter(f"expected each target once, got {' '.join(given)!r}", param_hint="--until")
    return targets


def _check_size(constraints: _Constraints, n_to_select: int | float | None, n_frames: int) -> None:
    """Raise a ValueError if there are more isolated atoms and locked frames than frames to select."""
    n_locked, n_isolated = len(constraints.locked), len(constraints.isolated)
    count = check_n_to_select(n_to_select, n_frames - len(constraints.excluded))
    if n_isolated and count < n_locked:
        raise ValueError(
            f"--size: expected at least {n_locked} frames, as {n_isolated} isolated atoms are kept "
            f"(use --no-lock-isolated to let the method decide), got {count}"
        )


def _with_locked(selection: Selection, kept: list[int], targets, envs: Environments) -> Selection:
    """Return a selection with all locked frames, even if fewer frames meet the targets."""
    if len(selection.order) >= len(kept):
        return selection
    if isinstance(targets, dict) and "max_envs" in targets:
        raise ValueError(
            f"--until: the {len(kept)} isolated atoms and locked frames have {envs.sizes[kept].sum():,} "
            f"environments, more than max_envs={targets['max_envs']} (see --no-lock-isolated)"
        )
    return replace(selection, order=np.array(kept))


def _report(
    envs: Environments, selection: Selection, known: Environments | None, context: CommandContext, client
) -> dict:
    """Return the order and metrics of a selection, relative to the frames that are not excluded."""
    parameters = selection.parameters
    kept = np.setdiff1d(np.arange(len(envs)), parameters["excluded"])
    order = np.searchsorted(kept, selection.order)
    bandwidth = parameters["bandwidth"]
    needs_rest = client is None or known is not None
    rest = envs.take(kept) if needs_rest and len(kept) < len(envs) else envs

    def metrics_of(frames: np.ndarray) -> dict[str, float]:
        if client is None:
            return _metrics_of(rest, np.searchsorted(kept, frames), bandwidth, context)
        return subset_metrics(envs, kept, frames, bandwidth, client, context.progress)

    metrics, novelty = metrics_of(selection.order), {}
    if known is not None:
        added = addition(rest, order, known, bandwidth, context.progress)
        metrics["overlap_with_reference"] = added.overlap_after
        novelty = {"novelty": added.to_record()}
    report = {
        "method": selection.method,
        "n_frames": len(order),
        "n_frames_of": len(kept),
        "indices_by_rank": selection.order.tolist(),
        "metrics": metrics,
        **novelty,
        "parameters": dict(parameters),
    }
    if selection.method != "msc":
        msc = select(
            envs, "msc", len(order), bandwidth, known, locked=parameters["locked"],
            excluded=parameters["excluded"], progress=context.progress, client=client,
        ).order  # fmt: skip
        report["metrics_of_msc"] = metrics_of(msc)
    return report


def _metrics_of(
    envs: Environments, order: np.ndarray, bandwidth: float, context: CommandContext
) -> dict[str, float]:
    curve = compression_curve(envs, order, [len(order)], bandwidth, progress=context.progress)
    (row,) = curve.drop(columns="n_frames").to_dict("records")
    return {str(name): value for name, value in row.items()}


def _sentence(result: dict, sides: Split | None) -> str:
    metrics = result["metrics"]
    notes = "".join(f"\n{note}" for note in result.get("notes", ()))
    if sides is not None:
        notes += f"\n{sides.sentence}"
    where = ""
    if (output := result.get("output", STDIO)) != STDIO:
        where = f"\nWritten to {output if isinstance(output, str) else ' and '.join(output)}"
    both = novelty = ""
    if "novelty" in result:
        both = f" ({100 * metrics['overlap_with_reference']:.1f} % with the reference)"
        novelty = f"\n{Addition(**result['novelty']).sentence}"
    isolated = ""
    if n := len(result["isolated_atoms"]):
        atoms = "1 isolated atom" if n == 1 else f"{n:,} isolated atoms"
        isolated = f"\nIncluding {atoms}; use --no-lock-isolated to let the method decide"
    compared = ""
    if "metrics_of_msc" in result:
        compared = "\n" + comparison_sentence(result["method"], metrics, "msc", result["metrics_of_msc"])
    return (
        f"{result['method']} keeps {result['n_frames']:,} of {result['n_frames_of']:,} frames: overlap "
        f"{100 * metrics['overlap']:.1f} %{both}, entropy {metrics['entropy']:.3f} nats, diversity "
        f"{metrics['diversity']:.3f} nats, largest δH {metrics['max_delta_entropy']:z.2f} nats"
        f"{novelty}{compared}{isolated}{notes}{where}"
    )

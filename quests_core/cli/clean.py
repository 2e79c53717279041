"""The command ``clean``: find frames that repeat, contradict or leak, and write a file without them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.text import Text

from ..health import Finding
from ..health.labels import EXTREME_FORCE, NET_FORCE, extreme_forces, net_forces
from ..health.near_pairs import (
    ENERGY_TOLERANCE,
    FORCE_TOLERANCE,
    TOLERANCE,
    Pair,
    duplicates_and_conflicts,
    leakage,
)
from ..health.removal import CONFLICTS, DUPLICATES, LEAKAGE, STEPS, removal_reasons, removed_frames
from ..health.thinning import Step, small_steps
from ..io.compressed import plain_name
from ..io.dataset import DataSet
from ..io.element_filter import elements_of
from ..io.pool import paths_of
from ..io.write import subset_bytes
from ..utils.escape import one_line
from ..utils.frame_ranges import format_ranges
from ..utils.plural import plural
from ..utils.provenance import now, record_bytes, versions
from ..utils.validation import check_positive
from .arguments import (
    Bandwidth,
    Cutoff,
    DryRun,
    EnergyKey,
    Files,
    Force,
    ForcesKey,
    Json,
    K,
    LabelKey,
    Parameters,
)
from .common import app, command_context
from .output import FRAME_SUFFIXES, STDIO, check_target, print_result, write_target

FORCES, NET_FORCES = "forces", "net-forces"
KINDS = (DUPLICATES, CONFLICTS, LEAKAGE, STEPS, FORCES, NET_FORCES)
_SHOWN = 8

_Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o",
        help="File for the frames that stay, and a record of the others in NAME.json; - for standard output.",
    ),
]  # fmt: skip
_Drop = Annotated[
    str,
    typer.Option(help=f"What to remove, of: {','.join(KINDS)}. Nothing else is removed.", metavar="KINDS"),
]
_Test = Annotated[
    str | None, typer.Option("--test", help="A test set, whose frames must not be in FILE.", metavar="TEST")
]
_Tolerance = Annotated[
    float,
    typer.Option("--tolerance", "-t", help="Largest distance of duplicates in descriptor space, Å⁻¹."),
]
_EnergyTolerance = Annotated[
    float, typer.Option(help="Largest difference of energies that agree, eV per atom.")
]
_ForceTolerance = Annotated[float, typer.Option(help="Largest difference of forces that agree, eV/Å.")]
_MaxForce = Annotated[float, typer.Option(help="Larger forces are extreme, eV/Å.")]
_MaxNetForce = Annotated[float, typer.Option(help="Largest net force, eV/Å per atom.")]
_EnergyStep = Annotated[
    float | None,
    typer.Option(
        help="Thin a trajectory: smallest change of energy from one frame to the next, eV per atom."
    ),
]
_NoveltyStep = Annotated[
    float | None,
    typer.Option(help="Thin a trajectory: smallest mean δH of a frame given the one kept before, nats."),
]
_Species = Annotated[
    bool,
    typer.Option(
        "--species/--no-species",
        help="Distinguish chemical elements; otherwise only frames with atoms in place are compared.",
    ),
]


@dataclass(frozen=True)
class _Found:
    """What was found, by kind: pairs of frames, or single frames."""

    pairs: dict[str, Sequence[Pair | Step]]
    findings: dict[str, list[Finding]]

    def frames(self, kind: str) -> set[int]:
        """Return the frames that dropping a kind removes: both of a conflict, one of a repetition."""
        if kind in self.findings:
            return {frame for one in self.findings[kind] for frame in one.frames}
        return removed_frames(kind, self.pairs.get(kind, []))

    def reasons(self, kinds: Iterable[str]) -> dict[int, list[str]]:
        """Return why each frame is removed, in the order of `kinds`."""
        why = defaultdict(list)
        for kind in kinds:
            if kind in self.findings:
                found = dict.fromkeys(self.frames(kind), kind)
            else:
                found = removal_reasons(kind, self.pairs.get(kind, []))
            for frame, reason in found.items():
                why[frame].append(reason)
        return why


_SHORT = {DUPLICATES: "repeats", LEAKAGE: "is test frame", STEPS: "from"}


@app.command()
def clean(
    files: Files, output: _Output = None, drop: _Drop = "", test: _Test = None,
    tolerance: _Tolerance = TOLERANCE, energy_tolerance: _EnergyTolerance = ENERGY_TOLERANCE,
    force_tolerance: _ForceTolerance = FORCE_TOLERANCE, max_force: _MaxForce = EXTREME_FORCE,
    max_net_force: _MaxNetForce = NET_FORCE, energy_step: _EnergyStep = None,
    novelty_step: _NoveltyStep = None, bandwidth: Bandwidth = 0.015, k: K = 32,
    cutoff: Cutoff = 5.0, species: _Species = True, energy_key: EnergyKey = None,
    forces_key: ForcesKey = None, label_key: LabelKey = None, force: Force = False, dry_run: DryRun = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """List frames of FILE that repeat, contradict, leak, change little or have odd forces; remove some.

    Isolated atoms, which are energy references, are never removed.
    """
    thins = energy_step is not None or novelty_step is not None
    kinds = _kinds(drop, test, thins)
    if output is not None and not kinds:
        raise typer.BadParameter("expected what to remove if a file is written", param_hint="--drop")
    with command_context() as context:
        limits: dict[str, float | None] = {
            "tolerance": tolerance, "energy_tolerance": energy_tolerance, "force_tolerance": force_tolerance,
            "max_force": max_force, "max_net_force": max_net_force,
        }  # fmt: skip
        steps = {"energy_step": energy_step, "novelty_step": novelty_step}
        for name, value in (limits | steps).items():
            if value is not None:
                check_positive(value, name)
        source = context.source(files)
        test_path = None if test is None else context.path(test)
        record_path = _record_path(output)
        sources = [*paths_of(source), *([] if test_path is None else [test_path])]
        check_target(output, force or dry_run, *sources, endings=FRAME_SUFFIXES)
        check_target(record_path, force or dry_run, *sources)
        dataset = context.dataset(source, energy_key, forces_key, label_key)
        other = None if test_path is None else context.dataset(test_path)
        sets = [dataset.frames] if other is None else [dataset.frames, other.frames]
        several = len(elements_of(chain.from_iterable(sets))) > 1
        envs, *test_envs = context.environments(Parameters(k, cutoff, species=species and several), *sets)
        duplicates, conflicts = duplicates_and_conflicts(
            dataset, envs, tolerance, energy_tolerance, force_tolerance, context.progress,
            in_place=several and not species,
        )  # fmt: skip
        pairs: dict[str, Sequence[Pair | Step]] = {DUPLICATES: duplicates, CONFLICTS: conflicts}
        if thins:
            limits |= steps | {"bandwidth": bandwidth}
            pairs[STEPS] = small_steps(dataset, envs, energy_step, novelty_step, bandwidth, context.progress)
        if other is not None:
            test_numbers = [atoms.numbers for atoms in other.frames]
            pairs[LEAKAGE] = leakage(dataset, envs, test_numbers, test_envs[0], tolerance, context.progress)
        found = _Found(
            pairs,
            {
                FORCES: extreme_forces(dataset, envs, max_force),
                NET_FORCES: net_forces(dataset.frames, max_net_force),
            },
        )
        removed = sorted(set().union(*(found.frames(kind) for kind in kinds)) - set(dataset.locked))
        kept = np.setdiff1d(np.arange(len(dataset.frames)), removed)
        result = _record(dataset, other, found, kinds, removed, limits | {"k": k, "cutoff": cutoff})
        if output is not None and not dry_run:
            if not len(kept):
                raise ValueError("--drop: no frame would be left")
            data = subset_bytes(dataset.frame_source, kept)
            result["output"] = {
                "file": output, "sha256": hashlib.sha256(data).hexdigest(), "n_frames": len(kept)
            }  # fmt: skip
            write_target(output, data, force)
            if record_path is not None:
                write_target(record_path, record_bytes(result), force)
    shown = _shown(found, result, None if "output" not in result else record_path)
    print_result(result, shown, as_json, output if not dry_run else None)


def _kinds(drop: str, test: str | None, thins: bool) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(filter(None, (kind.strip() for kind in drop.split(",")))))
    for kind in asked:
        if kind not in KINDS:
            raise typer.BadParameter(
                f"expected some of {', '.join(KINDS)}, got {kind!r}", param_hint="--drop"
            )
    if LEAKAGE in asked and test is None:
        raise typer.BadParameter("expected a test set to find leakage", param_hint="--test")
    if STEPS in asked and not thins:
        raise typer.BadParameter("expected a step, --energy-step or --novelty-step", param_hint="--drop")
    return asked


def _record_path(output: str | None) -> str | None:
    """Return the file of the record beside the output."""
    return None if output in (None, STDIO) else str(Path(plain_name(str(output))).with_suffix(".json"))


def _record(
    dataset: DataSet, test: DataSet | None, found: _Found, kinds: tuple[str, ...], removed: list[int],
    parameters: dict,
) -> dict:  # fmt: skip
    """Return what was found, what was removed and why, and what it takes to repeat it."""
    why = found.reasons(kinds)
    sets = {"source": dataset} | ({} if test is None else {"test": test})
    return {
        "created": now(),
        **{
            name: {"name": one.name, "sha256": one.sha256, "n_frames": len(one.frames)}
            for name, one in sets.items()
        },
        "parameters": parameters,
        "found": {
            **{kind: [pair._asdict() for pair in pairs] for kind, pairs in found.pairs.items()},
            **{kind: sorted(found.frames(kind)) for kind in found.findings},
        },
        "dropped": list(kinds),
        "removed": [{"frame": frame, "why": why[frame]} for frame in removed],
        "n_frames": len(dataset.frames) - len(removed),
        "versions": versions(),
    }


def _shown(found: _Found, result: dict, record_path: str | None) -> Text:
    """Return the findings, named by frame, and what was removed."""
    shown = Text()
    titles = {
        DUPLICATES: "Near-duplicates: frames that repeat another one",
        CONFLICTS: "Conflicting labels: pairs of the same geometry",
        LEAKAGE: "Leakage: frames that are in the test set",
        STEPS: "Small steps: frames near the one kept before",
        FORCES: "Extreme forces",
        NET_FORCES: "Forces that do not add up to zero",
    }
    for kind, pairs in found.pairs.items():
        texts = [_pair_text(kind, pair) for pair in pairs[:_SHOWN]]
        listed = "; ".join(texts) + "; …" * (len(pairs) > _SHOWN)
        shown += _line(titles[kind], len(pairs), listed)
    for kind in found.findings:
        frames = sorted(found.frames(kind))
        listed = format_ranges(frames[:_SHOWN]) + ", …" * (len(frames) > _SHOWN)
        shown += _line(titles[kind], len(frames), listed)
    n_removed, n_kept = len(result["removed"]), result["n_frames"]
    if result["dropped"]:
        shown.append(
            f"Removes {plural(n_removed, 'frame')} ({', '.join(result['dropped'])}), keeps {n_kept:,}"
        )
    else:
        shown.append("Nothing is removed; --drop says what to remove")
    if record_path is not None:
        shown.append(f"\nWritten to {one_line(result['output']['file'])} and {one_line(record_path)}")
    return shown


def _pair_text(kind: str, pair: Pair | Step) -> str:
    return (
        pair.sentence
        if isinstance(pair, Pair) and kind == CONFLICTS
        else f"{pair.frame} {_SHORT[kind]} {pair.other}"
    )


def _line(title: str, count: int, listed: str) -> Text:
    color = "yellow" if count else "green"
    line = Text.assemble((title, "bold"), ": ", (f"{count:,}", color), "\n")
    return line.append(f"  {listed}\n") if count else line

"""The command ``describe``: summarize the content of a file and its problems."""

from collections import Counter
from dataclasses import asdict

import numpy as np
from rich.text import Text

from ..descriptors.describe import descriptors
from ..environments import Environments, store_of
from ..health import ERROR, INFO, WARNING, check
from ..io.dataset import DataSet
from ..io.labels import frame_energies
from ..utils.escape import one_line
from ..utils.frame_ranges import format_ranges
from ..utils.plural import plural
from .arguments import (
    Cutoff,
    EnergyKey,
    Files,
    ForcesKey,
    Json,
    K,
    LabelKey,
    Parameters,
    Scheduler,
    Store,
)
from .common import app, command_context
from .output import print_result
from .scheduler import connected

_COLORS = {ERROR: "red", WARNING: "yellow", INFO: "blue"}
_SHOWN = 60


@app.command()
def describe(
    files: Files, k: K = 32, cutoff: Cutoff = 5.0, energy_key: EnergyKey = None,
    forces_key: ForcesKey = None, label_key: LabelKey = None, store: Store = None,
    scheduler: Scheduler = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Summarize FILE and list its problems: duplicates, overlapping atoms, extreme forces and more.

    With --store, write the descriptors to a folder, and summarize what it contains.
    """
    file, keys = ", ".join(files), (energy_key, forces_key, label_key)
    with command_context() as context, connected(scheduler, store) as client:
        source = context.source(files)
        if store is not None:
            envs = context.stored(Parameters(k, cutoff), source, store, None, *keys, client=client)
            result = {"file": file, **_content(envs), "store": store}
            text = f"\nDescriptors of k = {k}, cutoff {cutoff} Å in {one_line(store)}"
            print_result(result, _summary(result).append(text), as_json)
            return
        dataset = context.dataset(source, *keys, shows_notes=True)
        envs = descriptors(dataset.frames, k, cutoff, progress=context.progress)
        findings = check(dataset, envs, cutoff, context.progress)
    result = {"file": file, **_statistics(dataset), "findings": [asdict(finding) for finding in findings]}
    shown = _summary(result)
    for note in result["notes"]:
        shown.append("\nNote", "yellow").append(f": {one_line(note)}")
    for finding in findings:
        frames = format_ranges(finding.frames)
        frames = frames if len(frames) <= _SHOWN else f"{frames[:_SHOWN].rsplit(',', 1)[0]}, …"
        color, count = _COLORS[finding.severity], len(finding.frames)
        # Not as markup: texts of the file may contain square brackets.
        shown += Text.assemble(
            ("\n\n", ""), (finding.severity, f"bold {color}"), " ", (one_line(finding.title), "bold"),
            f": {count:,} frame{'s' * (count > 1)} ({frames})\n  {one_line(finding.explanation)}",
        )  # fmt: skip
    if not findings:
        shown += Text("\n\nNo problems found.", "green")
    print_result(result, shown, as_json)


def _content(envs: Environments) -> dict:
    stored = store_of(envs)
    return {
        "n_frames": len(envs),
        "n_envs": envs.n_envs,
        "elements": list(stored.elements),
        "atoms_in_a_frame": [int(envs.sizes.min()), int(envs.sizes.max())],
        "labels": dict(Counter(stored.labels)),
        "frames_with_energy": int(np.isfinite(stored.energies).sum()),
        "frames_with_forces": int(stored.has_forces().sum()),
    }


def _statistics(dataset: DataSet) -> dict:
    sizes = [len(atoms) for atoms in dataset.frames]
    return {
        "n_frames": len(sizes),
        "n_envs": sum(sizes),
        "elements": list(dataset.elements),
        "atoms_in_a_frame": [min(sizes), max(sizes)],
        "labels": dict(Counter(dataset.labels)),
        "frames_with_energy": int(np.isfinite(frame_energies(dataset.frames)).sum()),
        "frames_with_forces": len(sizes) - len(dataset.without_forces),
        # The findings contain those on labels.
        "notes": list(dataset.reading_notes),
        "sha256": dataset.sha256,
    }


def _summary(result: dict) -> Text:
    low, high = result["atoms_in_a_frame"]
    labels = ", ".join(f"{one_line(label) or 'no label'} ({n:,})" for label, n in result["labels"].items())
    sizes = plural(high, "atom") if low == high else f"{low:,} to {high:,} atoms"
    return Text.assemble(
        (one_line(result["file"]), "bold"),
        f": {plural(result['n_frames'], 'frame')} of {sizes}, "
        f"{plural(result['n_envs'], 'environment')} of {', '.join(result['elements'])}; "
        f"{plural(result['frames_with_energy'], 'frame')} with an energy, "
        f"{plural(result['frames_with_forces'], 'frame')} with forces\nLabels: {labels}",
    )

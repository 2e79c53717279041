"""``describe``: what is in a file, and what looks wrong in it."""

from collections import Counter
from dataclasses import asdict

from rich.markup import escape
from rich.text import Text

from ..dataset import DataSet
from ..dataset import load as load_file
from ..descriptors import descriptors
from ..health import ERROR, INFO, WARNING, check
from ..ranges import format_ranges
from .shared import Cutoff, File, Json, K, app, tell, working

_COLORS = {ERROR: "red", WARNING: "yellow", INFO: "blue"}
_SHOWN = 60


@app.command()
def describe(file: File, k: K = 32, cutoff: Cutoff = 5.0, as_json: Json = False) -> None:
    """Tell what is in FILE, and what looks wrong: duplicates, overlapping atoms, extreme forces and more."""
    with working() as work:
        dataset = load_file(work.path(file), progress=work.progress)
        envs = descriptors(dataset.frames, k, cutoff, progress=work.progress)
        findings = check(dataset, envs, cutoff, work.progress)
    told = {"file": file, **_facts(dataset), "findings": [asdict(finding) for finding in findings]}
    lines = [_summary(told)]
    for finding in findings:
        frames = format_ranges(finding.frames)
        frames = frames if len(frames) <= _SHOWN else f"{frames[:_SHOWN].rsplit(',', 1)[0]}, …"
        color, count = _COLORS[finding.severity], len(finding.frames)
        lines.append(
            f"\n[bold {color}]{finding.severity}[/] [bold]{escape(finding.title)}[/]: {count:,} "
            f"frame{'s' * (count > 1)} ({frames})\n  {escape(finding.explanation)}"
        )
    if not findings:
        lines.append("\n[green]Nothing found: no check complains.[/]")
    tell(told, Text.from_markup("\n".join(lines)), as_json)


def _facts(dataset: DataSet) -> dict:
    sizes = [len(atoms) for atoms in dataset.frames]
    return {
        "n_frames": len(sizes),
        "n_envs": sum(sizes),
        "elements": list(dataset.elements),
        "atoms_in_a_frame": [min(sizes), max(sizes)],
        "labels": dict(Counter(dataset.labels)),
        "frames_with_forces": len(sizes) - len(dataset.without_forces),
        "sha256": dataset.sha256,
    }


def _summary(told: dict) -> str:
    low, high = told["atoms_in_a_frame"]
    labels = ", ".join(f"{label or 'no label'} ({n:,})" for label, n in told["labels"].items())
    return (
        f"[bold]{escape(told['file'])}[/]: {told['n_frames']:,} frames of {low} to {high} atoms, "
        f"{told['n_envs']:,} environments of {', '.join(told['elements'])}; "
        f"{told['frames_with_forces']:,} frames with forces\nLabels: {escape(labels)}"
    )

"""Frames of the open file to remove: near-duplicates, small steps of a trajectory, and frames of a test file.

Frames that are excluded already are left out, so that no frame counts as a repetition of one that is gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quests_core.health import WARNING, Finding
from quests_core.health.near_pairs import (
    ENERGY_TOLERANCE,
    FORCE_TOLERANCE,
    Pair,
    duplicates_and_conflicts,
    leakage,
)
from quests_core.health.removal import DUPLICATES, LEAKAGE, STEPS, removal_reasons
from quests_core.health.thinning import Step, small_steps

from .analysed_dataset import AnalysedDataset
from .parameters import Marks
from .reference import Reference, with_common_elements

_SHOWN = 6


@dataclass(frozen=True)
class Removal:
    """A finding whose frames can be removed, and why for each of them."""

    finding: Finding
    reasons: Mapping[int, str]


def near_duplicates(
    opened: AnalysedDataset, marks: Marks, tolerance: float, progress=None
) -> tuple[Removal, ...]:
    """Return the frames that repeat another one within a tolerance in descriptor space, Å⁻¹."""
    dataset = opened.dataset
    in_place = not opened.parameters.species and len(dataset.elements) > 1
    pairs, _ = duplicates_and_conflicts(
        dataset, opened.envs, tolerance, progress=progress, in_place=in_place, ignored=marks.excluded
    )
    where = (
        " As elements are not distinguished, only frames with the same atoms at the same places count."
        if in_place
        else ""
    )
    return _removal(
        opened, marks, DUPLICATES, pairs, "Near-duplicates",
        f"Their descriptors agree within {tolerance:.2g} Å⁻¹ with those of another frame of the same "
        f"composition, energies within {1e3 * ENERGY_TOLERANCE:g} meV atom⁻¹ and forces within "
        f"{FORCE_TOLERANCE:g} eV Å⁻¹.{where} Of each group, the frame with most labels stays, or the first.",
        "repeats", f"within {tolerance:.3g} Å⁻¹",
    )  # fmt: skip


def leaked_frames(
    opened: AnalysedDataset, marks: Marks, test: Reference, tolerance: float, progress=None
) -> tuple[Removal, ...]:
    """Return the frames whose geometry is that of a frame of a test file within a tolerance, Å⁻¹."""
    mine, others = with_common_elements(opened, test)
    numbers = np.split(test.numbers, test.envs.offsets[1:-1])
    pairs = leakage(opened.dataset, mine, numbers, others, tolerance, progress, marks.excluded)
    return _removal(
        opened, marks, LEAKAGE, pairs, f"Frames of {test.name}",
        f"Their descriptors agree within {tolerance:.2g} Å⁻¹ with those of a frame of {test.name} of the "
        "same composition. If that file tests a potential trained on this one, its errors are too small.",
        "is its frame", f"within {tolerance:.3g} Å⁻¹, of {test.name} (sha256 {test.sha256[:16]})",
    )  # fmt: skip


def trajectory_steps(
    opened: AnalysedDataset, marks: Marks, energy_step: float | None, novelty_step: float | None,
    progress=None,
) -> tuple[Removal, ...]:  # fmt: skip
    """Return the frames that are a small step from the frame kept before; see `small_steps`."""
    if energy_step is None and novelty_step is None:
        return ()
    pairs = small_steps(
        opened.dataset, opened.envs, energy_step, novelty_step, opened.parameters.bandwidth, progress,
        marks.excluded,
    )  # fmt: skip
    limits = []
    if energy_step is not None:
        limits.append(f"the energy differs by less than {1e3 * energy_step:.4g} meV atom⁻¹")
    if novelty_step is not None:
        limits.append(f"the mean δH is below {novelty_step:g} nats")
    return _removal(
        opened, marks, STEPS, pairs, "Small steps",
        f"Relative to the last frame kept along the file, {' and '.join(limits)}.", "from",
        " and ".join(limits),
    )  # fmt: skip


def _removal(
    opened: AnalysedDataset, marks: Marks, kind: str, pairs: Sequence[Pair | Step], title: str,
    explanation: str, relation: str, limit: str,
) -> tuple[Removal, ...]:  # fmt: skip
    """Return the finding about pairs; isolated atoms, and frames locked by the user, stay."""
    kept = {*opened.dataset.locked, *marks.locked}
    pairs = [pair for pair in pairs if pair.frame not in kept]
    if not pairs:
        return ()
    listed = "; ".join(f"{pair.frame} {relation} {pair.other}" for pair in pairs[:_SHOWN])
    reasons = {frame: f"{reason}, {limit}" for frame, reason in removal_reasons(kind, pairs).items()}
    text = f"{explanation} Frame {listed}{'; …' * (len(pairs) > _SHOWN)}."
    return (Removal(Finding(kind, WARNING, title, text, tuple(sorted(reasons)), True), reasons),)

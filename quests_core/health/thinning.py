"""Frames of a trajectory that differ little from the one kept before."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from ..environments import Environments
from ..information.entropy import delta_entropy
from ..io.dataset import DataSet
from ..io.labels import frame_energies
from ..io.pool import SOURCE
from ..progress import ProgressCallback
from ..utils.validation import check_positive


class Step(NamedTuple):
    """A frame that is a small step from the frame kept before.

    Attributes
    ----------
    frame, other : int
        The frame, and the one kept before.
    energy : float
        Difference of the energies per atom, eV; NaN unless both have one.
    novelty : float
        Mean over the environments of the frame of max(0, δH given the other), nats; NaN if not computed.
    """

    frame: int
    other: int
    energy: float = np.nan
    novelty: float = np.nan


def small_steps(
    dataset: DataSet, envs: Environments, energy_step: float | None = None, novelty_step: float | None = None,
    bandwidth: float = 0.015, progress: ProgressCallback | None = None, ignored: Collection[int] = (),
) -> list[Step]:  # fmt: skip
    r"""Return the frames to drop so that each step of a trajectory is large enough.

    Along the file, a frame :math:`b` is kept if its energy per atom differs from that of the frame :math:`a`
    kept last by at least `energy_step`, or if its novelty
    :math:`\frac{1}{N_b} \sum_{e \in b} \max(0, \delta H(e | a))` is at least `novelty_step`; with one of the
    two given, by that alone. A frame is also kept if its file or its elements differ from those of the frame
    before, and if `energy_step` alone is given and it has no energy. Isolated atoms are left out.

    Parameters
    ----------
    dataset : DataSet
        The frames, in the order of the trajectory.
    envs : Environments
        Their environments, Å⁻¹.
    energy_step : float, optional
        Smallest step, eV per atom.
    novelty_step : float, optional
        Smallest step, nats.
    bandwidth : float
        h of the kernel, Å⁻¹.
    progress : callable, optional
        See `quests_core.progress`.
    ignored : collection of int
        Frames that are left out, such as those that are excluded already.
    """
    for name, value in (("energy_step", energy_step), ("novelty_step", novelty_step)):
        if value is not None:
            check_positive(value, name)
    frames, left_out = dataset.frames, {*dataset.locked, *ignored}
    per_atom = frame_energies(frames) / np.array([max(1, len(atoms)) for atoms in frames])
    steps: list[Step] = []
    last: int | None = None
    for i, atoms in enumerate(frames):
        if progress is not None:
            progress("trajectory steps", i, len(frames))
        if i in left_out:
            continue
        if last is None or not _continues(atoms, frames[last]):
            last = i
            continue
        energy, novelty = float(abs(per_atom[i] - per_atom[last])), np.nan
        # NaN counts as a large step.
        is_small = energy_step is None or energy < energy_step
        if is_small and novelty_step is not None:
            given = delta_entropy(envs.take([i]), envs.take([last]), bandwidth)
            novelty = float(np.mean(np.maximum(0, given)))
            is_small = novelty < novelty_step
        if is_small:
            steps.append(Step(i, last, energy, novelty))
        else:
            last = i
    return steps


def _continues(atoms, before) -> bool:
    """Return whether a frame has the file and the elements of the one before."""
    return atoms.info.get(SOURCE) == before.info.get(SOURCE) and np.array_equal(
        np.sort(atoms.numbers), np.sort(before.numbers)
    )

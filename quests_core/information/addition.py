"""What a subset adds to a reference."""

from dataclasses import asdict, dataclass

import numpy as np

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.plural import plural
from .entropy import OVERLAP_THRESHOLD, delta_entropy


@dataclass(frozen=True)
class Addition:
    """The novelty to a reference of candidates, and of the frames selected from them.

    Attributes
    ----------
    n_envs, n_new : int
        Environments of the selected frames, and those of them that the reference does not cover.
    mean_delta_entropy, max_delta_entropy : float
        Mean and largest δH(environment of the selected frames | reference), nats.
    overlap_before, overlap_after : float
        Share of the candidates' environments that the reference covers alone, and with the selected frames.
    """

    n_envs: int
    n_new: int
    mean_delta_entropy: float
    max_delta_entropy: float
    overlap_before: float
    overlap_after: float

    def to_record(self) -> dict:
        """Return the numbers by name."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """The numbers in words."""
        share = 100 * self.n_new / self.n_envs
        return (
            f"New to the reference: {self.n_new:,} of {plural(self.n_envs, 'selected environment')} "
            f"({share:.1f} %), mean δH {self.mean_delta_entropy:.2f} nats, largest "
            f"{self.max_delta_entropy:.2f} nats. The reference covers {100 * self.overlap_before:.1f} % of "
            f"the candidates alone, {100 * self.overlap_after:.1f} % with the selected frames."
        )


def addition(
    envs: Environments, selected, reference: Environments, bandwidth: float = 0.015,
    progress: ProgressCallback | None = None,
) -> Addition:  # fmt: skip
    r"""Return what selected frames add to a reference.

    Kernel sums add up, so of an environment :math:`e`, a reference :math:`R` and selected frames :math:`S`,
    :math:`\delta H(e | R \cup S) = -\ln(e^{-\delta H(e|R)} + e^{-\delta H(e|S)})`.

    Parameters
    ----------
    envs : Environments
        Of the candidates, Å⁻¹.
    selected : sequence of int
        At least one of their frames, with environments.
    reference : Environments
        Of the reference, with the same descriptor, Å⁻¹.
    bandwidth : float
        h of the kernel, Å⁻¹.
    progress : callable, optional
        See `quests_core.progress`.

    Examples
    --------
    >>> known = Environments.from_frames([[[0.0], [1.0]]])
    >>> candidates = Environments.from_frames([[[0.0]], [[5.0]], [[9.0]]])
    >>> added = addition(candidates, [0, 1], known)
    >>> added.n_envs, added.n_new, round(added.overlap_before, 2), round(added.overlap_after, 2)
    (2, 1, 0.33, 0.67)
    """
    given = np.asarray(delta_entropy(envs, reference, bandwidth, progress=progress), dtype=np.float64)
    rows = envs.rows(np.asarray(selected, dtype=np.int64))
    own = given[rows]
    added = delta_entropy(envs, envs.X[rows], bandwidth, progress=progress)
    together = -np.logaddexp(-given, -np.asarray(added, dtype=np.float64))
    return Addition(
        len(own),
        int(np.sum(own >= OVERLAP_THRESHOLD)),
        float(own.mean()),
        float(own.max()),
        float(np.mean(given < OVERLAP_THRESHOLD)),
        float(np.mean(together < OVERLAP_THRESHOLD)),
    )

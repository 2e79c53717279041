"""The path of a selection method: its order, and all metrics at the sizes of the slider."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from quests_core import Environments, compression_path, select
from quests_core import delta_entropy as delta_entropy_of
from quests_core.information.entropy import OVERLAP_THRESHOLD
from quests_core.utils.arrays import read_only

from .analysed_dataset import AnalysedDataset
from .parameters import RANDOM_STATE, Marks
from .reference import Reference


@dataclass(frozen=True, eq=False)
class MethodPath:
    """The order of one method under some marks, and all metrics along it.

    `order` holds the frames that are not excluded. `curve` has a row for each size;
    ``delta_entropy[i]`` is δH(environment | subset) at ``sizes[i]``, NaN in excluded frames. With a
    `reference`, δH and the metrics derived from it are given the reference and the subset together.
    """

    method: str
    order: np.ndarray
    curve: pd.DataFrame
    delta_entropy: np.ndarray
    marks: Marks
    reference: Reference | None = None

    def __post_init__(self):
        """Make the arrays read-only, as sessions share them."""
        for name in ("order", "delta_entropy"):
            object.__setattr__(self, name, read_only(getattr(self, name), copy=False))

    @property
    def sizes(self) -> np.ndarray:
        """Numbers of frames of the rows of `curve`."""
        return self.curve["n_frames"].to_numpy()

    def position(self, n_frames: int) -> int:
        """Return the row of the largest size of at most `n_frames` (the first row if there is none)."""
        return max(0, int(np.searchsorted(self.sizes, n_frames, side="right")) - 1)

    def metrics(self, n_frames: int) -> dict[str, float]:
        """Return the metrics of the subset of this size, by column of `curve`."""
        return _as_dict(self.curve.iloc[self.position(n_frames)])

    @property
    def full_set_metrics(self) -> dict[str, float]:
        """Metrics of the full set, without excluded frames."""
        return _as_dict(self.curve.iloc[-1])

    def frames(self, n_frames: int) -> np.ndarray:
        """Return the selected frames in the order of selection."""
        return self.order[:n_frames]


def _as_dict(row: pd.Series) -> dict[str, float]:
    return {str(name): float(value) for name, value in row.items()}


_MARKED_FRACTIONS = (0.1, 0.25, 0.5, 0.75)
_PATH_BYTES = 64_000_000


def curve_sizes(n_frames: int, n_envs: int, n_locked: int = 0) -> np.ndarray:
    """Return the sizes that the slider offers.

    All sizes up to 200 frames, otherwise 200 of them, or fewer if δH at each would take too much memory.
    The marked fractions and both ends are always included; no size is smaller than the number of locked
    frames.
    """
    first = max(1, n_locked)
    count = min(200, n_frames, max(20, _PATH_BYTES // (4 * max(1, n_envs))))
    at_fractions = [int(fraction * n_frames + 0.5) for fraction in _MARKED_FRACTIONS]
    sizes = np.append(np.linspace(first, n_frames, count).round().astype(np.int64), at_fractions)
    return np.unique(np.clip(sizes, first, n_frames))


def default_size(sizes: np.ndarray, fraction: float = 0.25) -> int:
    """Return the size nearest to a fraction of the full set."""
    return int(sizes[np.argmin(np.abs(sizes - int(fraction * sizes[-1] + 0.5)))])


def order_frames(
    opened: AnalysedDataset, method: str, marks: Marks, random_state: int, progress=None, reference=None
) -> tuple[np.ndarray, np.ndarray, Environments]:
    """Return the order of the frames that are not excluded, these frames, and their environments.

    The order indexes these frames: in the file it is ``kept[order]``. `reference` are the environments of
    a reference, for the methods that use one.
    """
    order = select(
        opened.envs,
        method=method,
        bandwidth=opened.parameters.bandwidth,
        reference=reference,
        locked=marks.locked,
        excluded=marks.excluded,
        random_state=random_state,
        progress=progress,
    ).order
    kept = np.setdiff1d(np.arange(len(opened.envs)), marks.excluded)
    return np.searchsorted(kept, order), kept, opened.envs.take(kept) if marks.excluded else opened.envs


def method_path(
    opened: AnalysedDataset, method: str, marks: Marks, progress=None, reference: Environments | None = None
) -> MethodPath:
    """Order the frames that are not excluded by `method` and compute all metrics along the order.

    With the environments of a `reference`, δH and the metrics derived from it are given these and the
    subset together.
    """
    bandwidth = opened.parameters.bandwidth
    order, kept, envs = order_frames(opened, method, marks, RANDOM_STATE, progress, reference)
    sizes = curve_sizes(len(envs), envs.n_envs, len(marks.locked))
    path = compression_path(envs, order, sizes=sizes, bandwidth=bandwidth, progress=progress)
    curve, delta_entropy = path.curve, path.delta_entropy
    if reference is not None:
        curve, delta_entropy = _add_reference(curve, delta_entropy, envs, reference, bandwidth, progress)
    if marks.excluded:
        counted = np.isin(opened.envs.frame_index, kept)
        with_excluded = np.full((len(sizes), opened.envs.n_envs), np.nan, dtype=delta_entropy.dtype)
        with_excluded[:, counted] = delta_entropy
        delta_entropy = with_excluded
    return MethodPath(method, kept[order], curve, delta_entropy, marks)


def _add_reference(curve: pd.DataFrame, deltas: np.ndarray, envs, reference, bandwidth: float, progress):
    """Return curve and δH given the reference and each subset together.

    Kernel sums add up: exp(−δH(e | R ∪ S)) = exp(−δH(e | R)) + exp(−δH(e | S)).
    """
    novelty = delta_entropy_of(envs, reference, bandwidth, progress=progress)
    joint = np.empty_like(deltas)
    for row, delta in zip(joint, deltas, strict=True):
        row[:] = -np.logaddexp(-novelty, -delta.astype(np.float64))
    curve = curve.assign(
        overlap=np.mean(joint < OVERLAP_THRESHOLD, axis=1),
        information_loss=[float(np.mean(np.maximum(row, 0), dtype=np.float64)) for row in joint],
        max_delta_entropy=joint.max(axis=1).astype(np.float64),
    )
    return curve, joint

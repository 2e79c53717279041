"""The path of a selection method: its order, the metrics at every size, and δH at those of the slider."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from quests_core import Environments, compression_path, log_kernel_sum, select
from quests_core.selection.arguments import WITH_CLIENT
from quests_core.utils.arrays import read_only

from .analysed_dataset import AnalysedDataset
from .parameters import RANDOM_STATE, Marks
from .reference import Reference

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True, eq=False)
class MethodPath:
    """The order of one method under some marks, and all metrics along it.

    `order` holds the frames that are not excluded. `curve` has a row for every size, from the number of
    locked frames on. `sizes` are those of the slider, by default all: ``delta_entropy[i]`` is
    δH(environment | subset) at ``sizes[i]``, NaN in excluded frames; see `delta_entropy_at` for other sizes.
    With a `reference`, δH and the metrics derived from it are given the reference and the subset together.
    """

    method: str
    order: np.ndarray
    curve: pd.DataFrame
    delta_entropy: np.ndarray
    marks: Marks
    reference: Reference | None = None
    sizes: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    is_whole: ClassVar[bool] = True
    """Whether the order holds all frames that are not excluded."""
    is_preview: ClassVar[bool] = False
    """Whether it ships with the package, to be replaced by a computed one."""

    def __post_init__(self):
        """Make the arrays read-only, as sessions share them."""
        if not len(self.sizes):
            object.__setattr__(self, "sizes", self.curve["n_frames"].to_numpy())
        for name in ("order", "delta_entropy", "sizes"):
            object.__setattr__(self, name, read_only(getattr(self, name), copy=False))

    @property
    def all_sizes(self) -> np.ndarray:
        """Sizes of the slider for the whole path."""
        return self.sizes

    def possible_size(self, n_frames: int) -> int:
        """Return `n_frames`, or the nearest size of the whole path if that has no such size."""
        return int(np.clip(n_frames, self.all_sizes[0], self.all_sizes[-1]))

    def position(self, n_frames: int) -> int:
        """Return the index in `sizes` of the largest of at most `n_frames` (0 if there is none)."""
        return _last_at_most(self.sizes, n_frames)

    def row(self, n_frames: int) -> int:
        """Return the row of `curve` of this size, or of the nearest one."""
        return _last_at_most(self.curve["n_frames"].to_numpy(), n_frames)

    @property
    def slider_curve(self) -> pd.DataFrame:
        """The rows of `curve` at `sizes`."""
        return self.curve.iloc[np.searchsorted(self.curve["n_frames"].to_numpy(), self.sizes)]

    def metrics(self, n_frames: int) -> dict[str, float]:
        """Return the metrics of the subset of this size, by column of `curve`."""
        return _as_dict(self.curve.iloc[self.row(n_frames)])

    @property
    def full_set_metrics(self) -> dict[str, float]:
        """Metrics of the full set, without excluded frames."""
        return _as_dict(self.curve.iloc[-1])

    def frames(self, n_frames: int) -> np.ndarray:
        """Return the selected frames in the order of selection."""
        return self.order[:n_frames]


@dataclass(frozen=True, eq=False)
class PartialPath(MethodPath):
    """The first part of a path, displayed until the whole is computed.

    `order`, `curve` and `delta_entropy` end with the part. Entropy and diversity of the full set are unknown.
    """

    whole_sizes: np.ndarray = field(kw_only=True)
    n_envs: int = field(kw_only=True)

    is_whole: ClassVar[bool] = False

    @property
    def all_sizes(self) -> np.ndarray:
        """Sizes of the slider for the whole path."""
        return self.whole_sizes

    @property
    def full_set_metrics(self) -> dict[str, float]:
        """Metrics of the full set, without excluded frames; NaN where unknown."""
        known = {"n_frames": self.whole_sizes[-1], "n_envs": self.n_envs, "fraction": 1.0, "overlap": 1.0,
                 "information_loss": 0.0}  # fmt: skip
        return {str(name): float(known.get(str(name), np.nan)) for name in self.curve}


def _last_at_most(sizes: np.ndarray, n_frames: int) -> int:
    return max(0, int(np.searchsorted(sizes, n_frames, side="right")) - 1)


def _as_dict(row: pd.Series) -> dict[str, float]:
    return {str(name): float(value) for name, value in row.items()}


# Of the frames, in the parts of a path that are displayed one after the other.
PART_FRACTIONS = (0.02, 0.1)
# Number of frames that a curve needs; fewer are displayed only if the last part has no more.
_FEWEST_IN_PART = 10
_MARKED_FRACTIONS = (0.1, 0.25, 0.5, 0.75)
_PATH_BYTES = 64_000_000


def curve_sizes(n_frames: int, n_envs: int, n_locked: int = 0, n_most: int = 200) -> np.ndarray:
    """Return the sizes of the slider, at which δH is stored.

    All sizes up to `n_most` frames, otherwise as many, or fewer if δH at each would take too much memory.
    The marked fractions and both ends are always included; no size is smaller than the number of locked
    frames.
    """
    first = max(1, n_locked)
    count = min(n_most, n_frames, max(20, _PATH_BYTES // (4 * max(1, n_envs))))
    at_fractions = [int(fraction * n_frames + 0.5) for fraction in _MARKED_FRACTIONS]
    sizes = np.append(np.linspace(first, n_frames, count).round().astype(np.int64), at_fractions)
    return np.unique(np.clip(sizes, first, n_frames))


def default_size(sizes: np.ndarray, fraction: float = 0.25) -> int:
    """Return the size nearest to a fraction of the full set."""
    return int(sizes[np.argmin(np.abs(sizes - int(fraction * sizes[-1] + 0.5)))])


def reader(client: "Client | None", *sets: Environments) -> "Client | None":
    """Return a client whose workers can read the environments of some sets: those of stores."""
    return client if all(envs.store is not None for envs in sets) else None


def order_frames(
    opened: AnalysedDataset,
    method: str,
    marks: Marks,
    random_state: int,
    progress=None,
    reference=None,
    n_to_select: int | None = None,
    callback: Callable[[np.ndarray], None] | None = None,
    client: "Client | None" = None,
) -> tuple[np.ndarray, np.ndarray, Environments]:
    """Return the order of the frames that are not excluded, these frames, and their environments.

    The order indexes these frames: in the file it is ``kept[order]``. `reference` are the environments of
    a reference, for the methods that use one; `n_to_select` and `callback` are those of `select`, and so is
    `client`, which is not used by methods that no workers compute.
    """
    order = select(
        opened.envs,
        method=method,
        n_to_select=n_to_select,
        bandwidth=opened.parameters.bandwidth,
        reference=reference,
        locked=marks.locked,
        excluded=marks.excluded,
        random_state=random_state,
        progress=progress,
        callback=callback,
        client=client if method in WITH_CLIENT else None,
    ).order
    kept, envs = _kept(opened, marks)
    return np.searchsorted(kept, order), kept, envs


def _kept(opened: AnalysedDataset, marks: Marks) -> tuple[np.ndarray, Environments]:
    """Return the frames that are not excluded, and their environments."""
    kept = np.setdiff1d(np.arange(len(opened.envs)), marks.excluded)
    return kept, opened.envs.take(kept) if marks.excluded else opened.envs


def method_path(
    opened: AnalysedDataset,
    method: str,
    marks: Marks,
    progress=None,
    reference: Environments | None = None,
    on_part: Callable[[PartialPath], None] | None = None,
    client: "Client | None" = None,
) -> MethodPath:
    """Order the frames that are not excluded by `method` and compute all metrics along the order.

    With the environments of a `reference`, δH and the metrics derived from it are given these and the
    subset together. `on_part` is called with each first part of the path as soon as that is ordered, if the
    method picks one frame after another. The workers of a `client` compute the order, see `order_frames`,
    and the curve.
    """
    callback = None
    if on_part is not None:
        sizes_of_parts = part_sizes(opened, marks)

        def callback(frames: np.ndarray) -> None:
            def cancel(*_) -> None:
                # The step stays the order, whose remaining time is estimated from its start.
                if progress is not None:
                    progress(f"{method} order", len(frames), len(opened.envs) - len(marks.excluded))

            if len(frames) in sizes_of_parts:
                on_part(_partial_path(opened, method, marks, frames, cancel, reference))

    order, kept, envs = order_frames(
        opened, method, marks, RANDOM_STATE, progress, reference, callback=callback, client=client
    )
    sizes = _sizes(opened, marks)
    curve, delta_entropy = _measure(opened, kept, envs, order, sizes, progress, reference, client)
    return MethodPath(method, kept[order], curve, delta_entropy, marks, sizes=sizes)


def delta_entropy_at(opened: AnalysedDataset, path: MethodPath, n_frames: int, progress=None) -> np.ndarray:
    """Return δH(environment | subset) at any size of a path, shape (n_envs,), nats.

    Kernel sums add up: those of the frames added since the largest of ``path.sizes`` of at most `n_frames`
    are added to its δH.
    """
    position = path.position(n_frames)
    known, added = path.delta_entropy[position], path.order[path.sizes[position] : n_frames]
    if not opened.envs.sizes[added].sum():
        return known
    more = log_kernel_sum(
        opened.envs, opened.envs.take(added), opened.parameters.bandwidth, progress=progress
    )
    # NaN in excluded frames.
    with np.errstate(invalid="ignore"):
        return (-np.logaddexp(-known.astype(np.float64), more)).astype(np.float32)


def first_part(
    opened: AnalysedDataset, method: str, marks: Marks, progress=None, client: "Client | None" = None
) -> PartialPath:
    """Compute only the shortest part of the path of `method`, in a small part of the time."""
    size = part_sizes(opened, marks)[0]
    order, kept, _ = order_frames(
        opened, method, marks, RANDOM_STATE, progress, n_to_select=size, client=client
    )
    return _partial_path(opened, method, marks, kept[order], progress)


def part_sizes(opened: AnalysedDataset, marks: Marks) -> list[int]:
    """Return the numbers of frames of the parts: the sizes of the path nearest to `PART_FRACTIONS`."""
    whole = _sizes(opened, marks)
    sizes = sorted({default_size(whole, fraction) for fraction in PART_FRACTIONS})
    return [size for size in sizes if size >= _FEWEST_IN_PART] or sizes[-1:]


def _sizes(opened: AnalysedDataset, marks: Marks) -> np.ndarray:
    """Return the sizes of a path; the environments of the kept frames are counted, not copied."""
    n_envs = np.delete(np.diff(opened.envs.offsets), np.asarray(marks.excluded, dtype=np.int64))
    return curve_sizes(len(n_envs), int(n_envs.sum()), len(marks.locked))


def _partial_path(
    opened: AnalysedDataset, method: str, marks: Marks, frames: np.ndarray, progress, reference=None
) -> PartialPath:
    """Return the path along the first `frames` of an order."""
    kept, envs = _kept(opened, marks)
    whole = _sizes(opened, marks)
    order, sizes = np.searchsorted(kept, frames), whole[whole <= len(frames)]
    curve, delta_entropy = _measure(opened, kept, envs, order, sizes, progress, reference)
    return PartialPath(
        method, frames.copy(), curve, delta_entropy, marks,
        sizes=sizes, whole_sizes=whole, n_envs=envs.n_envs,
    )  # fmt: skip


def _measure(
    opened: AnalysedDataset, kept, envs: Environments, order, sizes, progress, reference, client=None
):
    """Return the curve at every size of an order of the frames `kept`, and δH at `sizes`.

    δH is NaN in excluded frames. The workers of a `client` compute it if they can read the environments.
    """
    path = compression_path(
        envs,
        order,
        sizes=np.arange(sizes[0], sizes[-1] + 1),
        bandwidth=opened.parameters.bandwidth,
        progress=progress,
        delta_sizes=sizes,
        reference=reference,
        client=reader(client, envs),
    )
    delta_entropy = path.delta_entropy
    if len(kept) < len(opened.envs):
        counted = np.isin(opened.envs.frame_index, kept)
        with_excluded = np.full((len(sizes), opened.envs.n_envs), np.nan, dtype=delta_entropy.dtype)
        with_excluded[:, counted] = delta_entropy
        delta_entropy = with_excluded
    return path.curve, delta_entropy

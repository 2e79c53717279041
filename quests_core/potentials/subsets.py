"""Training sets: the first frames of orders of the training part, by name or given."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..environments import Environments
from ..progress import ProgressCallback
from ..selection import METHODS, is_random, select
from ..utils.arrays import Indices
from ..utils.validation import check_choice, check_frame_indices, check_n_to_select
from .hold_out import Split

Orders = Sequence[str] | Mapping[str, Indices]


class Subset(NamedTuple):
    """A training set: the method that selected it, the seed, and frame numbers in the whole file."""

    method: str
    seed: int
    frames: np.ndarray


def check_orders(
    orders: Orders | str, split: Split, n_frames: int, count: int
) -> dict[str, np.ndarray | None]:
    """Return the given orders by name; None for those that `select` computes.

    Parameters
    ----------
    orders : str, sequence of str, or mapping of str to sequence of int
        Names of methods, or names with the frame numbers of an order of the training part.
    split : Split
        The training part and the test set.
    n_frames : int
        Number of all frames.
    count : int
        Number of frames that each order must have.

    Examples
    --------
    >>> split = Split(np.array([0, 1, 3]), np.array([2]), np.array([], dtype=int))
    >>> check_orders({"mine": [3, 0]}, split, 4, 2)["mine"].tolist()
    [3, 0]
    >>> check_orders({"mine": [2, 0]}, split, 4, 2)
    Traceback (most recent call last):
        ...
    ValueError: orders: expected frames of the training part, got frame 2 in 'mine'
    """
    if not isinstance(orders, Mapping):
        names = [orders] if isinstance(orders, str) else list(orders)
        found: dict[str, np.ndarray | None] = {check_choice(name, "orders", METHODS): None for name in names}
    else:
        found = {
            str(name): _check_order(str(name), order, split, n_frames, count)
            for name, order in orders.items()
        }
    if not found:
        raise ValueError("orders: expected at least 1 method or order, got none")
    return found


def _check_order(name: str, order: Indices, split: Split, n_frames: int, count: int) -> np.ndarray:
    frames = check_frame_indices(order, n_frames, f"orders[{name!r}]", unique=True)
    outside = ~np.isin(frames, split.train)
    if outside.any():
        raise ValueError(
            f"orders: expected frames of the training part, got frame {frames[outside][0]} in {name!r}"
        )
    if len(frames) < count:
        raise ValueError(
            f"orders: expected at least {count} frames, the largest size, got {len(frames)} in {name!r}"
        )
    return frames


def check_sizes(sizes: Sequence[int | float], n_train: int) -> list[int]:
    """Return increasing numbers of training frames, given as counts or as fractions of the training part.

    Some counts may exceed the number of its frames; raise a ValueError if all do.

    Examples
    --------
    >>> check_sizes([0.5, 3, 0.1], 40)
    [3, 4, 20]
    >>> check_sizes([0.5, 300], 40)
    [20, 300]
    """
    counts = set()
    for size in sizes:
        is_too_large = isinstance(size, int | np.integer) and size > n_train
        counts.add(int(size) if is_too_large else check_n_to_select(size, n_train, "sizes"))
    if not counts:
        raise ValueError("sizes: expected at least 1 number of frames, got none")
    if min(counts) > n_train:
        raise ValueError(
            f"sizes: expected at most the {n_train} frames of the training part, got {min(counts)}"
        )
    return sorted(counts)


def subsets(
    orders: Mapping[str, np.ndarray | None],
    sizes: Sequence[int],
    seeds: Sequence[int],
    split: Split,
    envs: Environments,
    bandwidth: float,
    y: ArrayLike | None = None,
    progress: ProgressCallback | None = None,
) -> Iterator[Subset]:
    """Yield the training sets of each seed, method and size.

    Methods that are not random select once; the seed then concerns the trainer only. `envs` are the
    environments of the training part alone, so that no order depends on the test set.

    Examples
    --------
    >>> split = Split(np.array([0, 1, 3]), np.array([2]), np.array([], dtype=int))
    >>> envs = Environments([[0.0], [0.0], [1.0]], [0, 1, 2, 3])
    >>> [one.frames.tolist() for one in subsets({"msc": None}, [1, 2], [0], split, envs, 0.1)]
    [[0], [0, 3]]
    """
    selected: dict[str, list[np.ndarray]] = {}
    for seed in seeds:
        for name, order in orders.items():
            if order is not None:
                selected[name] = [order[:size] for size in sizes]
            elif name not in selected or is_random(name):
                positions = _positions(name, sizes, seed, envs, bandwidth, y, progress)
                selected[name] = [split.train[one] for one in positions]
            yield from (Subset(name, seed, frames) for frames in selected[name])


def _positions(
    name: str,
    sizes: Sequence[int],
    seed: int,
    envs: Environments,
    bandwidth: float,
    y: ArrayLike | None,
    progress: ProgressCallback | None,
) -> list[np.ndarray]:
    def choose(size: int):
        values = y if name == "pcov_fps" else None
        return select(envs, name, size, bandwidth, random_state=seed, y=values, progress=progress)

    largest = choose(sizes[-1])
    if largest.nested:
        return [largest.order[:size] for size in sizes]
    return [*(choose(size).order for size in sizes[:-1]), largest.order]

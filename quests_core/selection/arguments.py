"""Check the arguments of `select` that concern more than one value."""

import numpy as np

from ..environments import Environments, as_environments
from ..utils.validation import check_choice, check_frame_indices, check_matrix, check_n_to_select, check_pair
from .quotas import Strata
from .result import NOT_NESTED

METHODS = (
    "msc",
    "information_loss",
    "coverage",
    "balanced",
    "fps",
    "mean_fps",
    "pcov_fps",
    "cur",
    "maxvol",
    "direct",
    "k_means",
    "random",
)
WITH_COSTS = ("information_loss", "coverage", "balanced")
WITH_CLIENT = ("msc", *WITH_COSTS)
_CLUSTERS = "whose clusters divide the candidate frames only"
_WITHOUT_REFERENCE = {
    "k_means": _CLUSTERS,
    "direct": _CLUSTERS,
    "cur": "which decomposes the matrix of the candidate frames only",
    "pcov_fps": "as the properties of its frames are unknown",
}


def check_until(until, method: str) -> dict | None:
    """Return targets by name; an empty dict stands for the knee."""
    from .stopping import check_targets

    if until is None:
        return None
    if method in NOT_NESTED:
        raise ValueError(f"until: expected None with method {method!r}, got {until!r:.60}")
    return {} if until == "knee" else check_targets(until, "until")


def check_client_method(method: str) -> None:
    """Check that a method is computed on a cluster."""
    if method not in WITH_CLIENT:
        names = ", ".join(map(repr, WITH_CLIENT))
        raise ValueError(f"client: expected a method that workers compute, one of {names}, got {method!r}")


def check_marks(
    locked, excluded, n_to_select, n_frames: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return the locked, excluded and remaining frames, and the number of frames to select."""
    locked = check_frame_indices(locked, n_frames, "locked", unique=True)
    excluded = check_frame_indices(excluded, n_frames, "excluded", unique=True)
    kept = np.setdiff1d(np.arange(n_frames), excluded)
    if not len(kept):
        raise ValueError(f"excluded: expected fewer than all {n_frames} frames, got all")
    if np.isin(locked, excluded).any():
        frame = locked[np.isin(locked, excluded)][0]
        raise ValueError(f"excluded: expected no locked frames, got frame {frame}")
    count = check_n_to_select(n_to_select, len(kept))
    if len(locked) > count:
        raise ValueError(f"locked: expected at most n_to_select = {count} frames, got {len(locked)}")
    return locked, excluded, kept, count


def check_reference(reference, method: str, envs: Environments) -> Environments | None:
    """Return the reference as environments grouped by frame."""
    if reference is None:
        return None
    if method in _WITHOUT_REFERENCE:
        raise ValueError(
            f"reference: expected None for method {method!r}, {_WITHOUT_REFERENCE[method]}, got a reference"
        )
    check_pair(envs, reference)
    return as_environments(reference)


def check_strata(strata, n_frames: int) -> Strata | None:
    """Return quotas with one label per frame."""
    if strata is not None and not isinstance(strata, Strata):
        raise TypeError(f"strata: expected a Strata, got {type(strata).__name__} {strata!r:.60}")
    if strata is not None and len(strata.labels) != n_frames:
        raise ValueError(f"strata: expected {n_frames} labels, one per frame, got {len(strata.labels)}")
    return strata


def check_cost(cost, method: str, envs: Environments) -> np.ndarray:
    """Return the cost of each frame."""
    if isinstance(cost, str):
        check_choice(cost, "cost", ("frames", "environments"))
        costs = np.ones(len(envs)) if cost == "frames" else np.maximum(envs.sizes, 1).astype(float)
    else:
        costs = np.asarray(cost, dtype=np.float64)
        if costs.shape != (len(envs),):
            raise ValueError(f"cost: expected one number per frame, shape {(len(envs),)}, got {costs.shape}")
        if not (np.isfinite(costs) & (costs > 0)).all():
            frame = np.flatnonzero(~(np.isfinite(costs) & (costs > 0)))[0]
            raise ValueError(f"cost: expected finite positive numbers, got {costs[frame]} for frame {frame}")
    if method not in WITH_COSTS and not (isinstance(cost, str) and cost == "frames"):
        got = repr(cost) if isinstance(cost, str) else "numbers"
        raise ValueError(f"cost: expected 'frames' for method {method!r}, got {got}")
    return costs


def check_y(y, method: str, n_frames: int) -> np.ndarray | None:
    """Return the properties of each frame, shape ``(n_frames, n_properties)``."""
    if method != "pcov_fps":
        if y is not None:
            raise ValueError(f"y: expected None for method {method!r}, got properties")
        return None
    if y is None:
        raise ValueError("y: expected properties of each frame, such as energies per atom, got None")
    values = np.asarray(y)
    values = check_matrix(values[:, None] if values.ndim == 1 else values, "y")
    if len(values) != n_frames:
        raise ValueError(f"y: expected one value or row per frame, {n_frames}, got {len(values)}")
    if not (finite := np.isfinite(values)).all():
        frame, column = np.argwhere(~finite)[0]
        raise ValueError(f"y: expected finite numbers, got {values[frame, column]} for frame {frame}")
    return values

"""Repeat randomized methods with other seeds to show the spread of their curves."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from quests_core import Cancelled, Progress, compression_curve

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath, order_frames
from ..analysis.methods import SEEDED_METHODS
from ..analysis.parameters import RANDOM_STATE, Marks
from .state import State

# Five with the seed of the displayed curve.
OTHER_SEEDS = tuple(range(RANDOM_STATE + 1, RANDOM_STATE + 5))
_Key = tuple[AnalysedDataset, Marks, str]


@dataclass(frozen=True, eq=False)
class SeedBand:
    """Curves of one method under the same marks, one per seed, all at the same sizes."""

    method: str
    marks: Marks
    curves: tuple[pd.DataFrame, ...]

    def overlap_band(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lowest and the highest overlap at each size."""
        overlaps = np.array([curve["overlap"] for curve in self.curves])
        return overlaps.min(axis=0), overlaps.max(axis=0)

    def entropy_band(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return diversities, and the lowest and highest entropy of the curves at each.

        Entropies between two sizes are interpolated; the diversities are those that all curves reach.
        """
        curves = [curve.dropna(subset=["diversity", "entropy"]) for curve in self.curves]
        # Diversity may decrease slightly with size, but interpolation needs an increasing grid.
        rising = [np.maximum.accumulate(curve["diversity"].to_numpy()) for curve in curves]
        first, last = max(d[0] for d in rising), min(d[-1] for d in rising)
        grid = np.linspace(first, last, 200) if last > first else np.array([first])
        entropies = np.array([np.interp(grid, d, c["entropy"]) for d, c in zip(rising, curves, strict=True)])
        return grid, entropies.min(axis=0), entropies.max(axis=0)


def is_seeded(method: str, marks: Marks) -> bool:
    """Return whether the order depends on the seed; `mean_fps` with locked frames does not."""
    return method in SEEDED_METHODS and not (method == "mean_fps" and marks.locked)


def repeated_curve(
    opened: AnalysedDataset, method: str, marks: Marks, sizes: np.ndarray, seed: int, progress=None
) -> pd.DataFrame:
    """Return the compression curve of `method` with another seed."""
    order, _, envs = order_frames(opened, method, marks, seed, progress)
    return compression_curve(envs, order, sizes, opened.parameters.bandwidth, progress=progress)


class SeedBandUpdater:
    """Repeat the displayed randomized methods, one seed at a time, while no other job runs.

    Parameters
    ----------
    state : State
        Its `repeats` are kept up to date.
    controller : Controller
        Runs the computations.
    """

    def __init__(self, state: State, controller):
        self._state, self._controller = state, controller
        self._task: Progress | None = None
        self._found: dict[_Key, tuple[pd.DataFrame, ...]] = {}
        # Cancelled and failed repeats are not restarted.
        self._given_up: set[_Key] = set()
        state.param.watch(lambda *_: self._forget(), ["opened", "marks", "methods"])
        state.param.watch(lambda *_: self._next(), ["paths", "methods"])
        for activity in (state.main_activity, state.map_activity):
            activity.param.watch(lambda *_: self._next(), "running")

    def _forget(self) -> None:
        """Cancel the running repeat; drop results of other marks or another data set."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
        opened, marks = self._state.opened, self._state.marks
        self._found = {key: curves for key, curves in self._found.items() if key[:2] == (opened, marks)}
        self._state.repeats = {
            method: repeats for method, repeats in self._state.repeats.items()
            if (opened, marks, method) in self._found
        }  # fmt: skip

    def _next(self) -> None:
        state = self._state
        if (
            self._task is not None
            or state.main_activity.running
            or state.map_activity.running
            or state.opened is None
        ):
            return
        for method, path in state.shown.items():
            key = (state.opened, state.marks, method)
            left = OTHER_SEEDS[len(self._found.get(key, ())) :]
            wanted = is_seeded(method, state.marks) and state.is_current(path) and key not in self._given_up
            if wanted and left and not path.is_preview:
                self._submit(key, path, left[0])
                return

    def _submit(self, key: _Key, path: MethodPath, seed: int) -> None:
        opened, marks, method = key

        def is_mine() -> bool:
            mine, self._task = self._task is task, None if self._task is task else self._task
            return mine

        def done(curve):
            if is_mine():
                self._add(key, path, curve)
                # A result in memory needed no job whose end would be noticed.
                self._next()

        def failed(error):
            if is_mine():
                self._given_up.add(key)
                if not isinstance(error, Cancelled):
                    self._state.error = f"Could not repeat {method}: {error}"
                self._next()

        task = self._task = self._controller.compute(
            f"Repeating {method} with other seeds",
            ("repeat", method, marks, seed),
            lambda progress: repeated_curve(opened, method, marks, path.sizes, seed, progress),
            done,
            failed,
        )

    def _add(self, key: _Key, path: MethodPath, curve: pd.DataFrame) -> None:
        curves = self._found[key] = (*self._found.get(key, ()), curve)
        if len(curves) == len(OTHER_SEEDS):
            repeats = SeedBand(key[2], key[1], (path.slider_curve, *curves))
            self._state.repeats = {**self._state.repeats, key[2]: repeats}

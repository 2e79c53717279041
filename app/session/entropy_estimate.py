"""Estimate the entropy of a large full set until a whole path gives it exactly."""

import math

import numpy as np

from quests_core import Progress, estimate_entropy
from quests_core.information.estimate import EntropyEstimate

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.parameters import Marks
from .state import State

# The 95 % interval on gap20_partial is ± 0.16 nats.
N_SAMPLES = 500


def estimate(opened: AnalysedDataset, marks: Marks, progress=None) -> EntropyEstimate:
    """Return the estimated entropy of the frames that are not excluded."""
    kept = np.setdiff1d(np.arange(len(opened.envs)), marks.excluded)
    envs = opened.envs.take(kept) if marks.excluded else opened.envs
    return estimate_entropy(envs, N_SAMPLES, bandwidth=opened.parameters.bandwidth, progress=progress)


class EntropyEstimateUpdater:
    """Keep `entropy_estimate` up to date: set while H of the full set is unknown, otherwise None.

    Parameters
    ----------
    state : State
        Its `entropy_estimate` is kept up to date.
    controller : Controller
        Runs the computations.
    """

    def __init__(self, state: State, controller):
        self._state, self._controller = state, controller
        self._key: tuple[AnalysedDataset, tuple[int, ...]] | None = None
        self._task: Progress | None = None
        state.param.watch(lambda _: self._update(), "paths")

    def _update(self) -> None:
        state = self._state
        if state.opened is None or not state.paths or state.path is None:
            return
        if not math.isnan(state.full_set_metrics["entropy"]):
            self._forget()
            return
        marks = state.path.marks
        key = state.opened, tuple(marks.excluded)
        if key == self._key:
            return
        self._forget()
        self._key, opened = key, state.opened

        def done(found: EntropyEstimate) -> None:
            if self._key == key:
                state.entropy_estimate = found

        # Without it, the header says that H is not known yet.
        self._task = self._controller.compute(
            "Estimating the entropy",
            ("entropy estimate", tuple(marks.excluded)),
            lambda progress: estimate(opened, marks, progress),
            done,
            lambda _: None,
            quick=True,
        )

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._key, self._task = None, None
        if self._state.entropy_estimate is not None:
            self._state.entropy_estimate = None

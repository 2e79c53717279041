"""The predictions that the open data set holds, and which of them is shown."""

import param

from ..analysis.predictions import PredictionErrors, predictions_of
from .controller import Controller
from .state import State


class StoredPredictions(param.Parameterized):
    """Predictions of potentials in the open file, read on request.

    Parameters
    ----------
    state : State
        Holds the open data set.
    controller : Controller
        Runs the job.
    """

    found = param.Dict(default={}, doc="`PredictionErrors` by the name of the potential.")
    chosen = param.String(default="", doc='Name of the displayed one, "" if there is none.')

    def __init__(self, state: State, controller: Controller):
        super().__init__()
        self._state, self._controller = state, controller
        self._opened: object | None = None

    @property
    def shown(self) -> PredictionErrors | None:
        """The displayed predictions."""
        return self.found.get(self.chosen)

    def refresh(self) -> None:
        """Read the predictions of the open data set, if they are not known."""
        opened = self._state.opened
        if opened is self._opened:
            return
        self._opened = opened
        self._set({})
        if opened is not None and opened.dataset.has_forces:
            self._controller.compute(
                "Reading predictions", "predictions", lambda _: predictions_of(opened), self._set, quick=True
            )

    def _set(self, found: dict[str, PredictionErrors]) -> None:
        chosen = self.chosen if self.chosen in found else next(iter(found), "")
        self.param.update(found=found, chosen=chosen)

"""Predictions for the open data set: those that the file holds, and those of calculators."""

from pathlib import Path

import param

from quests_core import Cancelled, Progress
from quests_core.potentials import Predictions
from quests_core.utils.checksum import size_and_time

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.calculators import CalculatorKind, installed, prediction_name
from ..analysis.predictions import PredictionErrors, beside_reference, predictions_of
from ..jobs.calculator_process import predict_in_process
from ..server.training_access import models_may_hold_code
from ..text.errors import error_reason
from ..text.numbers import count, plural
from .controller import Controller
from .state import State


class PotentialPredictions(param.Parameterized):
    """Predictions of potentials for the open data set, read from its file or computed on request.

    Parameters
    ----------
    state : State
        Holds the open data set, and the computed predictions.
    controller : Controller
        Runs the jobs.
    """

    found = param.Dict(default={}, doc="`PredictionErrors` by the name of the potential.")
    chosen = param.String(default="", doc='Name of the displayed one, "" if there is none.')
    error = param.String(default="", doc="Why the last request was refused or failed.")
    notice = param.String(default="", doc="How the last request ended.")

    def __init__(self, state: State, controller: Controller):
        super().__init__()
        self._state, self._controller = state, controller
        self._opened: AnalysedDataset | None = None
        self._stored: dict[str, PredictionErrors] = {}
        self._computed: dict[str, tuple[Predictions, PredictionErrors]] = {}
        state.param.watch(lambda _: self._join(), "predictions")
        state.param.watch(lambda _: self._follow_opened(), "opened")

    @property
    def shown(self) -> PredictionErrors | None:
        """The displayed predictions."""
        return self.found.get(self.chosen)

    @property
    def kinds(self) -> dict[str, CalculatorKind]:
        """The calculators that this session may use, by name."""
        if not self._controller.may_train:
            return {}
        return installed(not self._controller.allowed_paths.is_empty, models_may_hold_code())

    def refresh(self) -> None:
        """Read the predictions of the open data set, if they are not known."""
        opened = self._state.opened
        if opened is self._opened:
            return
        self._opened, self._computed = opened, {}
        self._keep({})
        if opened is not None and opened.dataset.has_forces:
            self._controller.compute(
                "Reading predictions", "predictions", lambda _: predictions_of(opened), self._keep, quick=True
            )

    def predict(self, kind: str, path: str = "") -> None:
        """Predict with a calculator of `kinds`, from the model file at `path` if it needs one.

        Raises
        ------
        ValueError
            If there is no such calculator for this session, or the path is refused or no model.
        """
        opened, kinds = self._state.data, self.kinds
        if kind not in kinds:
            raise ValueError(f"calculator: expected one of {', '.join(kinds) or 'none'}, got {kind!r}")
        model = self._model(kinds[kind], path) if kinds[kind].suffix else None
        name = prediction_name(kind, model)
        if name in self._stored:
            name = f"{name}_computed"
        frames = opened.dataset.frames
        self.cancel()
        self.param.update(error="", notice="")

        def done(result: tuple[Predictions, dict[int, str]]) -> None:
            if self._state.opened is opened:
                self._finish(name, *result)

        def failed(error: Exception) -> None:
            if isinstance(error, Cancelled):
                self.notice = "Cancelled."
            else:
                self.error = error_reason(error)

        def work(progress: Progress) -> tuple[Predictions, dict[int, str]]:
            predicted, failures = predict_in_process(frames, kind, model, progress)
            if len(failures) == len(frames):
                # An error, which is not cached.
                raise ValueError(f"{name} predicts none of {plural(len(frames), 'frame')}: {failures[0]}")
            return predicted, failures

        key = ("calculator", kind, *(() if model is None else (str(model), *size_and_time(model))))
        self._controller.predict(f"Predicting with {name}", key, work, done, failed)

    def cancel(self) -> None:
        """Cancel the computation of predictions."""
        self._controller.cancel_prediction()

    def _model(self, kind: CalculatorKind, path: str) -> Path:
        if not path.strip():
            raise ValueError(f"model: expected the path of a file, such as potential{kind.suffix}, got none")
        found = self._controller.place(path.strip())
        if found.suffix != kind.suffix:
            raise ValueError(f"model: expected a file that ends in {kind.suffix}, got {found.name}")
        if not found.is_file():
            raise ValueError(f"model: expected a file, got {path}, which is none")
        return found

    def _finish(self, name: str, predicted: Predictions, failures: dict[int, str]) -> None:
        self._state.predictions = {**self._state.predictions, name: predicted}
        self.chosen = name
        if failures:
            frame, why = next(iter(failures.items()))
            self.notice = (
                f"{name}: {count(len(failures))} of {plural(len(predicted.energies), 'frame')} without "
                f"predictions; frame {frame}: {why}"
            )

    def _keep(self, stored: dict[str, PredictionErrors]) -> None:
        self._stored = stored
        self._join()

    def _join(self) -> None:
        """Join the predictions of the file with the computed ones."""
        opened, computed = self._state.opened, self._state.predictions
        known = self._computed
        self._computed = {
            name: known[name]
            if name in known and known[name][0] is one
            else (one, beside_reference(opened, one))
            for name, one in computed.items()
            if opened is not None and opened.dataset.has_forces
        }
        found = {**self._stored, **{name: errors for name, (_, errors) in self._computed.items()}}
        chosen = self.chosen if self.chosen in found else next(iter(found), "")
        self.param.update(found=found, chosen=chosen)

    def _follow_opened(self) -> None:
        """Cancel and forget what was said of another file."""
        if self._opened is not None and self._state.opened is not self._opened:
            self.cancel()
            self.param.update(error="", notice="")

"""Choose potentials to train on subsets, and train them."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from quests_core.potentials import TRAINERS, missing_trainer

from ...analysis.methods import NESTED_METHODS
from ...analysis.training import MOST_SEEDS, TrainingRequest
from ...jobs.activity import WAITING
from ...session.controller import Controller
from ...session.state import State
from ...session.training import PotentialTraining
from ...text.numbers import duration, plural
from ...widgets.card import card, heading, html
from ..base import View

_TESTS = {
    "random": "random", "stratified by label": "stratified", "labels": "labels",
    "highest forces": "highest_forces",
}  # fmt: skip
_FORBIDDEN = (
    "Training is switched off on this server, as it starts programs that use all cores for minutes to hours. "
    "The operator can allow it: see QUESTS_TRAINING in the documentation on serving."
)
_INSTALL = (
    "<code>pip install 'quests-explorer[potentials]'</code> installs GAP, "
    "<code>pip install 'quests-explorer[mace]'</code> MACE; then restart the server."
)
_NO_FORCES = "This file has no forces, which potentials are trained on."
_FEW_LABELS = 2


class TrainingForm(View):
    """Fields for methods, sizes, seeds, trainer and test set; the progress of the training."""

    def __init__(self, state: State, controller: Controller, training: PotentialTraining, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._training = controller, training
        self._trainers = [name for name in TRAINERS if not missing_trainer(name)]
        self._make_fields()
        self._head, self._text, self._refusal = html(), html(), html()
        self._head.object = heading(
            "Potentials trained on subsets", ("potentials",), "errors on test frames that no subset contains"
        )
        self._train = pmui.Button(
            label="Train", variant="contained", size="small", margin=(0, 8, 0, 0), align="center"
        )
        self._cancel = pmui.Button(
            label="Cancel", description="Finished potentials are kept", variant="outlined", size="small",
            margin=(0, 12, 0, 0), align="center",
        )  # fmt: skip
        self._train.on_click(lambda _: self._request())
        self._cancel.on_click(lambda _: self._stop())
        self._bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", margin=(4, 0, 0, 0)
        )
        self._progress = pn.Column(self._text, self._bar, sizing_mode="stretch_width", margin=0)
        self._form = pn.Column(
            pn.FlexBox(*self._fields, gap="10px 12px", sizing_mode="stretch_width", margin=(8, 0)),
            pn.Row(self._train, self._cancel, self._progress, sizing_mode="stretch_width", margin=0),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._test.param.watch(lambda _: self._follow_test(), "value")
        self.follow(self._update, "opened")
        self.follow(
            self._update_progress, "running", "step", "fraction", "remaining", source=state.training_activity
        )
        self.follow(self._update_progress, "comparison", "error", "notice", "n_requested", source=training)

    def _make_fields(self) -> None:
        style = {"size": "small", "margin": 0}
        # The size of these is a number of rows.
        several = {"margin": 0}
        chosen = [method for method in self._state.methods if method in NESTED_METHODS]
        self._methods = pmui.MultiChoice(
            label="Methods", options=list(NESTED_METHODS), value=chosen, width=330, **several
        )
        self._sizes = pmui.TextInput(
            label="Sizes", value="10 %, 25 %, 50 %", placeholder="10 %, 200", width=160,
            description="Frames of each training set: numbers, or shares of the training part", **style,
        )  # fmt: skip
        self._seeds = pmui.IntInput(label="Seeds", value=2, start=1, end=MOST_SEEDS, width=90, **style)
        self._trainer = pmui.Select(
            label="Trainer", options={name.upper(): name for name in self._trainers},
            value=next(iter(self._trainers), None), width=110, **style,
        )  # fmt: skip
        self._parameters = pmui.TextInput(
            label="Parameters", placeholder="n_sparse=500", width=200,
            description="Numbers by name, such as n_sparse=500, cutoff=4", **style,
        )  # fmt: skip
        self._minutes = pmui.TextInput(
            label="Time limit / min", value="30", width=150,
            description="For each of training and prediction of one potential", **style,
        )  # fmt: skip
        self._test = pmui.Select(label="Test set", options=_TESTS, value="random", width=180, **style)
        self._test_size = pmui.TextInput(label="Test size", value="20 %", width=100, **style)
        self._labels = pmui.MultiChoice(label="Labels to hold out", options=[], width=280, **several)
        self._fields = [
            self._methods, self._sizes, self._seeds, self._test, self._test_size, self._labels, self._trainer,
            self._parameters, self._minutes,
        ]  # fmt: skip

    def _follow_test(self) -> None:
        with pn.io.hold():
            by_label = self._test.value == "labels"
            self._labels.visible, self._test_size.visible = by_label, not by_label

    def _request(self) -> None:
        if self._state.opened is None:
            return
        with pn.io.hold():
            try:
                self._training.train(self._asked())
            except (ValueError, TypeError, PermissionError) as error:
                self._training.param.update(error=str(error), notice="")

    def _asked(self) -> TrainingRequest:
        try:
            minutes = float(self._minutes.value_input or self._minutes.value)
        except ValueError:
            raise ValueError(
                f"time limit: expected a number of minutes, got {self._minutes.value!r}"
            ) from None
        return TrainingRequest.from_form(
            self._methods.value or (), _text(self._sizes), self._seeds.value or 0, self._trainer.value,
            _text(self._parameters), minutes, self._test.value, _text(self._test_size),
            self._labels.value or (),
        )  # fmt: skip

    def _stop(self) -> None:
        with pn.io.hold():
            self._training.cancel()

    def _why_not(self) -> str:
        """Return why nothing can be trained, as HTML; "" if something can."""
        opened = self._state.opened
        if not self._controller.may_train:
            return _FORBIDDEN
        if not self._trainers:
            return f"No trainer is installed on this server. {_INSTALL}"
        return _NO_FORCES if opened is not None and not opened.dataset.has_forces else ""

    def _update(self) -> None:
        opened, why = self._state.opened, self._why_not()
        self._form.visible, self._refusal.visible = not why, bool(why)
        self._refusal.object = f'<div class="fact">{why}</div>'
        labels = sorted({label for label in opened.dataset.labels if label}) if opened is not None else []
        by_label = ("stratified", "labels") if len(labels) < _FEW_LABELS else ()
        self._test.options = {name: value for name, value in _TESTS.items() if value not in by_label}
        if self._test.value in by_label:
            self._test.value = "random"
        chosen = [label for label in self._labels.value or () if label in labels]
        self._labels.param.update(options=labels, value=chosen)
        self._follow_test()
        self._update_progress()

    def _update_progress(self) -> None:
        training, activity = self._training, self._state.training_activity
        self._train.disabled = activity.running
        self._cancel.visible = self._bar.visible = activity.running
        found = training.comparison
        n_done = 0 if found is None else len(found.table)
        self._bar.value = round(100 * n_done / max(1, training.n_requested))
        if activity.running:
            step = activity.step
            left = duration(activity.remaining) if step == "potentials" else ""
            what = (
                ""
                if step in ("potentials", "")
                else step
                if step.startswith(WAITING)
                else f"ordering frames: {step}"
            )
            parts = [f"{n_done} of {plural(training.n_requested, 'potential')} finished", what, left]
            line = " · ".join(part for part in parts if part)
            text = f'<div class="progress"><span>{escape(line)}</span></div>'
        elif training.error:
            text = f'<div class="small warn" role="alert">{escape(training.error)}</div>'
        elif training.notice:
            text = f'<div class="small">{escape(training.notice)}</div>'
        else:
            text = f'<div class="small">{escape(self._outcome(n_done))}</div>'
        self._text.object = text

    def _outcome(self, n_done: int) -> str:
        found = self._training.comparison
        if found is None:
            return (
                "Which method needs the fewest frames for the same force error? One potential is trained for "
                "each method, size and seed. Finished ones are kept, and not repeated."
            )
        failed = f", of which {len(found.failures)} failed: see the table" if len(found.failures) else ""
        n_test = plural(len(found.split.test), "test frame")
        return f"{plural(n_done, 'potential')}{failed}; {n_test}."

    def __panel__(self):
        """Return the card."""
        return card(
            self._head, self._refusal, self._form, area="training", css=("tall",), sizing_mode="stretch_width"
        )


def _text(field: pmui.TextInput) -> str:
    """Return the text that a field shows, also before Enter was pressed."""
    return str(field.value_input if field.value_input is not None else field.value or "").strip()

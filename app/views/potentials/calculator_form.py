"""Predict the frames of the file with a calculator that is installed."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from ...session.predictions import PotentialPredictions
from ...session.state import State
from ...text.numbers import duration
from ...widgets.buttons import button
from ...widgets.card import card, heading, html
from ...widgets.fields import entered
from ..base import View
from ..queue_text import queue_status

_NOTE = "errors against the energies and forces of the file"
_HINT = "Compared frame by frame; frames that cannot be calculated are skipped."


class CalculatorForm(View):
    """Choose a calculator, and the file of its model where it has one; the progress of its predictions."""

    def __init__(self, state: State, predictions: PotentialPredictions, tab: str = ""):
        super().__init__(state, tab)
        self._predictions, self._head, self._text = predictions, html(), html()
        self._head.object = heading("Predict with a calculator", (), _NOTE)
        kinds = predictions.kinds
        self._kind = pmui.Select(
            label="Calculator", options={kind.title: name for name, kind in kinds.items()},
            value=next(iter(kinds), None), size="small", width=250, margin=0,
        )  # fmt: skip
        self._model = pmui.TextInput(
            label="Model file on the server", placeholder="/data/potential.xml", size="small", width=300,
            margin=0,
        )  # fmt: skip
        style = {"variant": "outlined", "margin": 0, "align": "center"}
        self._start = button(
            "Predict", "Energies and forces of all frames, in the background", self._ask, **style
        )
        self._cancel = button("Cancel", "End the calculation; nothing of it is kept", self._stop, **style)
        self._bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", margin=(4, 0, 0, 0)
        )
        self._kind.param.watch(lambda _: self._follow_kind(), "value")
        self._content = pn.Column(
            pn.FlexBox(
                self._kind, self._model, self._start, self._cancel, gap="10px 12px", align_items="center",
                sizing_mode="stretch_width", margin=(8, 0),
            ),
            self._text, self._bar, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._card = card(
            self._head, self._content, area="calculator", css=("tall",), sizing_mode="stretch_width"
        )
        self.follow(self._update, "opened")
        self.follow(
            self._update_progress, "running", "step", "fraction", "remaining",
            source=state.prediction_activity,
        )  # fmt: skip
        self.follow(self._update_progress, "error", "notice", source=predictions)

    def _follow_kind(self) -> None:
        with pn.io.hold():
            self._update()

    def _update(self) -> None:
        opened, kinds = self._state.opened, self._predictions.kinds
        self._card.visible = bool(kinds) and opened is not None and opened.dataset.has_forces
        kind = kinds.get(self._kind.value)
        self._model.visible = kind is not None and bool(kind.suffix)
        if kind is not None and kind.suffix:
            self._model.placeholder = f"/data/potential{kind.suffix}"

    def _ask(self) -> None:
        if self._state.opened is None:
            return
        with pn.io.hold():
            try:
                self._predictions.predict(self._kind.value, entered(self._model))
            except (ValueError, TypeError, OSError) as error:
                self._predictions.param.update(error=f"{error}.", notice="")

    def _stop(self) -> None:
        with pn.io.hold():
            self._predictions.cancel()

    def _update_progress(self) -> None:
        activity, predictions = self._state.prediction_activity, self._predictions
        self._start.disabled = activity.running
        self._cancel.visible = self._bar.visible = activity.running
        self._bar.value = round(100 * activity.fraction)
        if activity.running:
            parts = [queue_status(activity, activity.title), duration(activity.remaining)]
            text = " · ".join(part for part in parts if part)
            self._text.object = f'<div class="progress"><span>{text}</span></div>'
        elif predictions.error:
            self._text.object = f'<div class="small warn" role="alert">{escape(predictions.error)}</div>'
        else:
            self._text.object = f'<div class="small">{escape(predictions.notice or _HINT)}</div>'

    def __panel__(self):
        """Return the card."""
        return self._card

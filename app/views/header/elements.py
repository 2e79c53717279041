"""Ask once whether the elements of a file are to be distinguished."""

import dataclasses
from html import escape

import panel as pn
import panel_material_ui as pmui

from ...analysis.parameters import Parameters
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import count, memory_size, plural, unbroken
from ...widgets.card import CSS, html
from ...widgets.deferred import fill_when_visible
from ..base import View

_SHOWN = 12


class ElementsView(View):
    """A question above the summary about a file of several elements, until it is answered."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller = controller
        self._answered: set[str] = set()
        self._text = html()
        small = {"size": "small", "margin": (0, 0, 0, 8), "align": "center"}
        self._yes = pmui.Button(label="With elements", variant="contained", **small)
        self._no = pmui.Button(label="Distances only", variant="outlined", **small)
        self._yes.on_click(lambda _: self._distinguish())
        self._no.on_click(lambda _: self._answer())
        card = pn.Row(
            css_classes=["card", "wraps"],
            stylesheets=[CSS],
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        self._card = fill_when_visible(card, self._text, self._yes, self._no)
        self.follow(self._update, "opened")
        self.follow(self._update_buttons, "opening")

    def _update(self) -> None:
        opened = self._state.opened
        if opened is None:
            return
        elements, parameters = opened.dataset.elements, opened.parameters
        if parameters.species:
            # Answered in the settings or by the link.
            self._answered.add(opened.dataset.sha256)
        is_open = opened.dataset.sha256 not in self._answered and not parameters.precomputed
        self._card.visible = is_open and len(elements) > 1
        text = question(elements, opened.envs.n_envs, parameters)
        self._text.object = f'<div role="note">{unbroken(text)}</div>'

    def _update_buttons(self) -> None:
        self._yes.disabled = self._no.disabled = bool(self._state.opening)

    def _answer(self) -> None:
        self._answered.add(self._state.data.dataset.sha256)
        with pn.io.hold():
            self._update()

    def _distinguish(self) -> None:
        # The question is answered once the descriptors are computed, and is asked again if that is cancelled.
        self._controller.recompute(dataclasses.replace(self._state.data.parameters, species=True))

    def __panel__(self):
        """Return the card."""
        return self._card


def question(elements: tuple[str, ...], n_envs: int, parameters: Parameters) -> str:
    """Return the question and what distinguishing elements costs, as HTML."""
    more = ", …" if len(elements) > _SHOWN else ""
    factor, n_numbers = len(elements) + 1, 2 * parameters.k - 1
    n_bytes = 8 * n_envs * n_numbers
    return (
        f"<b>{plural(len(elements), 'element')} ({escape(', '.join(elements[:_SHOWN]))}{more}), which the "
        "descriptor does not distinguish.</b> "
        f"Distinguishing them takes {count(factor)} times as many numbers per environment "
        f"({memory_size(factor * n_bytes)} instead of {memory_size(n_bytes)}) "
        f"and up to {count(factor)} times as long."
    )

"""Near-duplicates, frames of a test file, and small steps: what to remove from the open file."""

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from quests_core import Cancelled, Progress
from quests_core.health.near_pairs import TOLERANCE

from ...analysis.curation import Removal, leaked_frames, near_duplicates, trajectory_steps
from ...session.controller import Controller
from ...session.references import ReferenceSets
from ...session.state import State
from ...widgets.buttons import button
from ...widgets.card import card, heading, html
from ...widgets.fields import entered
from ..base import View
from ..finding_row import finding_row

# Decimal logarithms of the smallest and largest tolerance, and of a step of the slider, Å⁻¹.
_LOWEST, _HIGHEST, _STEP = -6.0, -1.5, 0.1
_TITLES = {
    "duplicates": "Looking for near-duplicates",
    "leakage": "Looking for frames of the test file",
    "steps": "Looking for small steps",
}
_HIDDEN_LABEL = {"& .MuiFormLabel-root, & .MuiTypography-root": {"display": "none"}}


class CurationView(View):
    """Findings that depend on a tolerance, a step or a test file, which is the reference of Compare."""

    def __init__(self, state: State, controller: Controller, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._sets = controller, sets
        # Results are None until computed; a request is identified by its key.
        self.found: dict[str, tuple[Removal, ...] | None] = {}
        self._keys: dict[str, tuple] = {}
        self._tasks: dict[str, Progress] = {}
        self._rows: dict[str, tuple[Any, list]] = {}
        self._nothing = [_line("✔ No repeated frames found.")]
        self._tolerance_text, self._test = _inline(), _inline()
        self._slider = pmui.FloatSlider(
            label="log₁₀ of the tolerance", start=_LOWEST, end=_HIGHEST, step=_STEP, value=-4.0,
            show_value=False, tooltips=False, size="small", width=220, margin=(0, 24, 0, 8), sx=_HIDDEN_LABEL,
            align="center",
        )  # fmt: skip
        step = {"size": "small", "margin": (0, 12, 0, 0), "placeholder": "none"}
        self._energy = pmui.TextInput(label="Energy step / meV atom⁻¹", width=230, **step)
        self._novelty = pmui.TextInput(label="Novelty step / nats", width=190, **step)
        self._compare = button(
            "Choose a test file", "Add the test file as reference in Compare", self._go_to_compare,
            margin=(0, 4), align="center",
        )  # fmt: skip
        self._list = pn.Column(sizing_mode="stretch_width", margin=(6, 0, 0, 0))
        self._slider.param.watch(lambda _: self._show_tolerance(), "value")
        self._slider.param.watch(lambda _: self._update(), "value_throttled")
        for field in (self._energy, self._novelty):
            field.param.watch(lambda _: self._update(), "value")
        self._show_tolerance()
        self.follow(self._update, "opened", "marks")
        self.follow(self._update, "chosen", source=sets)

    @property
    def tolerance(self) -> float:
        """The largest distance of near-duplicates, Å⁻¹; exactly the default at its place."""
        value = 10.0**self._slider.value
        return TOLERANCE if abs(value / TOLERANCE - 1) < 1e-6 else float(f"{value:.3g}")

    def _go_to_compare(self) -> None:
        with pn.io.hold():
            self._state.tab = "sets"

    def _show_tolerance(self) -> None:
        with pn.io.hold():
            self._tolerance_text.object = (
                f'<div class="small nowrap">Tolerance <b>{self.tolerance:.2g} Å⁻¹</b></div>'
            )

    def _update(self) -> None:
        """Request what is not up to date, and show the rest."""
        with pn.io.hold():
            opened, marks, test, tolerance = (
                self._state.opened, self._state.marks, self._sets.chosen, self.tolerance
            )  # fmt: skip
            if opened is None:
                return
            marked = (marks.locked, marks.excluded)
            self._request(
                "duplicates", (opened, tolerance, *marked),
                lambda progress: near_duplicates(opened, marks, tolerance, progress),
            )  # fmt: skip
            if test is not None and test.is_comparable(opened.parameters):
                self._request(
                    "leakage", (opened, test.sha256, test.name, tolerance, *marked),
                    lambda progress: leaked_frames(opened, marks, test, tolerance, progress),
                )  # fmt: skip
            else:
                self._drop("leakage")
            steps = self._entered_step(self._energy, 1e-3), self._entered_step(self._novelty)
            if steps != (None, None):
                self._request(
                    "steps", (opened, *steps, *marked),
                    lambda progress: trajectory_steps(opened, marks, *steps, progress),
                )  # fmt: skip
            else:
                self._drop("steps")
            self._show()

    def _entered_step(self, field: pmui.TextInput, unit: float = 1.0) -> float | None:
        """Return the number in a field times `unit`, None for an empty or an invalid one, which is marked."""
        text = entered(field).replace(",", ".")
        try:
            value = float(text) if text else None
        except ValueError:
            value = -1.0
        is_wrong = value is not None and not 0 < value < 1e6
        field.error_state = is_wrong
        return None if value is None or is_wrong else value * unit

    def _request(self, name: str, key: tuple, work: Callable[[Progress], Any]) -> None:
        if self._keys.get(name) == key:
            return
        self._drop(name)
        self._keys[name], self.found[name] = key, None

        def done(found: tuple[Removal, ...]) -> None:
            if self._keys.get(name) == key:
                self.found[name] = found
                with pn.io.hold():
                    self._show()

        def failed(error: Exception) -> None:
            if self._keys.get(name) == key:
                self._drop(name)
                with pn.io.hold():
                    self._show()
                    if not isinstance(error, Cancelled):
                        self._controller.show_error(f"{_TITLES[name]} failed", error)

        cache_key = ("curation", name, *key[1:])
        self._tasks[name] = self._controller.compute(_TITLES[name], cache_key, work, done, failed, quick=True)

    def _drop(self, name: str) -> None:
        self._keys.pop(name, None)
        self.found.pop(name, None)
        if name in self._tasks:
            self._tasks.pop(name).cancel()

    def _show(self) -> None:
        test = self._sets.chosen
        self._test.object = (
            '<div class="small nowrap">Test file: none</div>'
            if test is None
            else f'<div class="small nowrap">Test file: <b>{escape(test.name)}</b></div>'
        )
        self._compare.label = "Choose a test file" if test is None else "Change"
        rows: list[pn.viewable.Viewable] = [
            row for name in _TITLES if name in self.found for row in self._rows_of(name)
        ]
        if not rows:
            rows = list(self._nothing)
        if list(map(id, self._list.objects)) != list(map(id, rows)):
            self._list.objects = rows

    def _rows_of(self, name: str) -> list:
        """Return the rows of a result, which are made once, as the browser takes long to build them."""
        found = self.found[name]
        if name not in self._rows or self._rows[name][0] is not found:
            rows = (
                [_line(f"{_TITLES[name]} …")]
                if found is None
                else [finding_row(self._state, one.finding, one.reasons) for one in found]
            )
            self._rows[name] = found, rows
        return self._rows[name][1]

    def __panel__(self):
        """Return the card."""
        head = html(heading("Repeated frames", ("curation",), "excluded frames are ignored"))
        controls = pn.FlexBox(
            pn.Row(self._tolerance_text, self._slider, margin=0, align="center"),
            pn.Row(self._test, self._compare, margin=0, align="center"),
            pn.Row(self._energy, self._novelty, margin=0),
            align_items="center", gap="10px 24px", sizing_mode="stretch_width", margin=(8, 0, 6, 0),
        )  # fmt: skip
        return card(head, controls, self._list, area="curation", sizing_mode="stretch_width")


def _line(text: str) -> pn.pane.HTML:
    return html(f'<div class="small">{text}</div>', margin=(6, 4))


def _inline() -> pn.pane.HTML:
    """Return a text as wide as it is, for a row with other widgets."""
    text = html(align="center")
    text.sizing_mode = None
    return text

"""The bar above the tabs: selected and marked frames, undo and redo."""

import panel as pn

from ...analysis.parameters import Marks
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import plural
from ...widgets.buttons import button
from ...widgets.card import CSS, html
from ...widgets.shortcuts import Shortcuts
from ..base import View

_STYLE = {
    "margin": (0, 1),
    "sx": {"minWidth": 0, "padding": "4px 5px", "whiteSpace": "nowrap", "letterSpacing": 0},
}
# Panel does not send a label that becomes empty.
_NO_LABEL = "\N{ZERO WIDTH SPACE}"


class SelectionBar(View):
    """Undo and redo, and the actions on the frames selected on the map or in a table."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._history = controller.history
        self._keys = Shortcuts()
        self._undo = button("", "Undo (Ctrl+Z)", self._history.undo, icon="undo", **_STYLE)
        self._redo = button("", "Redo (Ctrl+Shift+Z)", self._history.redo, icon="redo", **_STYLE)
        self._text = html()
        # As wide as its text; with a stretched width it would be drawn under the buttons.
        self._text.param.update(sizing_mode=None, align="center", styles={"max-width": "116px"})
        self._lock = button("Lock", "Keep the selected frames in every subset", self._mark("lock"), **_STYLE)
        self._exclude = button(
            "Exclude", "Exclude the selected frames from all subsets and metrics", self._mark("exclude"),
            **_STYLE,
        )  # fmt: skip
        self._unmark = button("Unmark", "Remove the lock or exclusion", self._mark("clear"), **_STYLE)
        self._unmark_all = button(
            "",
            "Clear all marks: locks, exclusions and selection",
            self._clear_all,
            icon="layers_clear",
            **_STYLE,
        )
        self._clear = button("Clear selection", "Clear the selection (Esc)", self._clear_selection, **_STYLE)
        # The buttons follow when one of them is first visible.
        self._actions = pn.Row(self._text, margin=0, align="center", css_classes=["wraps"], stylesheets=[CSS])
        self._keys.on("Escape", self._clear_selection)
        self._keys.on("undo", self._history.undo)
        self._keys.on("redo", self._history.redo)
        self.follow(self._update, "selected", "current_env", "marks", "opened")
        self.follow(self._update_history, "can_undo", "can_redo", source=self._history)

    def _mark(self, verb: str):
        def mark() -> None:
            state = self._state
            # Send the changes of all views as one message.
            with pn.io.hold():
                state.marks = getattr(state.marks, verb)(state.selected)

        return mark

    def _clear_selection(self) -> None:
        with pn.io.hold():
            self._state.param.update(selected=(), current_env=None)

    @property
    def _first_marks(self) -> Marks:
        """The marks of a file that was just opened: isolated atoms are locked."""
        opened = self._state.opened
        return Marks() if opened is None else Marks(locked=opened.dataset.locked)

    def _clear_all(self) -> None:
        """Clear locks, exclusions and selection as one decision, which one step undoes."""
        with pn.io.hold():
            self._state.param.update(marks=self._first_marks, selected=(), current_env=None)

    def _update(self) -> None:
        state, marks = self._state, self._state.marks
        parts = []
        # Each part on one line: next to the tabs there is no more room at 1280 pixels.
        if state.selected:
            parts.append(f"<b class=nowrap>{plural(len(state.selected), 'frame')} selected</b>")
        if marks.locked:
            parts.append(f"<span class=nowrap>{len(marks.locked):,} locked</span>")
        if marks.excluded:
            parts.append(f"<span class=nowrap>{len(marks.excluded):,} excluded</span>")
        self._text.object = f'<div class="small">{" · ".join(parts)}</div>'
        self._lock.visible = self._exclude.visible = bool(state.selected)
        self._unmark.visible = not {*marks.locked, *marks.excluded}.isdisjoint(state.selected)
        self._unmark_all.visible = marks != self._first_marks
        # Only an icon next to a selection, as there is no more room.
        self._unmark_all.label = _NO_LABEL if state.selected else "Clear all marks"
        # Shorter by more than the icon's width where both are shown.
        self._clear.label = "Clear" if state.selected and self._unmark_all.visible else "Clear selection"
        self._clear.visible = bool(state.selected) or state.current_env is not None
        if len(self._actions) == 1 and any(one.visible for one in self._buttons):
            self._actions.extend(self._buttons)

    @property
    def _buttons(self) -> tuple:
        return self._lock, self._exclude, self._unmark, self._unmark_all, self._clear

    def _update_history(self) -> None:
        self._undo.disabled = not self._history.can_undo
        self._redo.disabled = not self._history.can_redo

    def __panel__(self):
        """Return the bar."""
        return pn.Row(
            self._actions, pn.Spacer(sizing_mode="stretch_width"), self._undo, self._redo, self._keys,
            sizing_mode="stretch_width", margin=0, align="center", css_classes=["wraps"], stylesheets=[CSS],
        )  # fmt: skip

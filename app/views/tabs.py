"""The tabs of the page: made when they are first looked at, then only hidden."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

from ..session.state import TABS, State
from ..widgets.card import CSS


class Tabs:
    """A bar of tabs, and the content of the one that `State.tab` names.

    Parameters
    ----------
    state : State
        Its `tab` follows the bar and the other way round.
    makers : dict
        For each key of `TABS` that has content, what makes it.
    """

    def __init__(self, state: State, makers: dict[str, Callable[[], pn.viewable.Viewable]]):
        self._state, self._makers = state, makers
        self._keys = [key for key in TABS if key in makers]
        self._made: dict[str, pn.viewable.Viewable] = {}
        self.content = _column()
        self._bar = pmui.Tabs(
            *((TABS[key], pn.Spacer(height=0)) for key in self._keys), margin=0, height=42,
            sx={"& .MuiTab-root": {
                "minHeight": "40px", "minWidth": 0, "padding": "6px 8px", "textTransform": "none",
            }},
        )  # fmt: skip
        self._bar.param.watch(lambda event: setattr(state, "tab", self._keys[event.new]), "active")
        state.param.watch(lambda _: self._show(), "tab")
        state.param.watch(lambda _: self._hide_if_empty(), "opened")
        self._show()
        self._hide_if_empty()

    def bar(self, *beside) -> pn.Row:
        """Return the bar, with what else stands in its line."""
        return pn.Row(
            self._bar,
            *beside,
            css_classes=["tab-bar"],
            stylesheets=[CSS],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _hide_if_empty(self) -> None:
        # Axes without data would look like a result.
        self.content.visible = self._state.opened is not None

    def _show(self) -> None:
        tab = self._state.tab if self._state.tab in self._keys else self._keys[0]
        if tab not in self._made:
            # A grid's own `display` would win over Bokeh's rule for what is hidden.
            self._made[tab] = _column(self._makers[tab]())
            self.content.append(self._made[tab])
        for key, made in self._made.items():
            made.visible = key == tab
        self._bar.active = self._keys.index(tab)


def _column(*content) -> pn.Column:
    return pn.Column(*content, css_classes=["tabs"], sizing_mode="stretch_width", margin=0, stylesheets=[CSS])

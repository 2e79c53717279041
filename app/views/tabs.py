"""The tabs of the page: built when they are first opened, then only hidden."""

from collections.abc import Callable, Iterator

import panel as pn
import panel_material_ui as pmui

from ..session.state import TABS, State
from ..widgets.card import CSS
from .view_queue import ViewQueue

# Returns the cards of a tab, each built when it is asked for; the argument is the grid that they come into.
TabMaker = Callable[[pn.Column], Iterator]


class Tabs:
    """A bar of tabs, and the content of the one that `State.tab` names.

    Parameters
    ----------
    state : State
        Its `tab` follows the bar and the other way round.
    makers : dict of TabMaker
        For each key of `TABS` that has content, what makes its cards.
    queue : ViewQueue, optional
        Builds the cards; by default at once.
    """

    def __init__(self, state: State, makers: dict[str, TabMaker], queue: ViewQueue | None = None):
        self._state, self._makers, self._queue = state, makers, queue or ViewQueue()
        self._keys = [key for key in TABS if key in makers]
        self._made: dict[str, pn.Column] = {}
        self._badges: dict[str, str] = {}
        self.content = _column()
        self._bar = pmui.Tabs(
            *((TABS[key], pn.Spacer(height=0)) for key in self._keys), margin=0, height=42,
            sx={"& .MuiTab-root": {
                "minHeight": "40px", "minWidth": 0, "padding": "6px 7px", "textTransform": "none",
                "letterSpacing": 0,
            }},
        )  # fmt: skip
        self._bar.param.watch(lambda event: setattr(state, "tab", self._keys[event.new]), "active")
        state.param.watch(lambda _: self._show(), "tab")
        state.param.watch(lambda *_: self._hide_if_empty(), ["opened", "opening"])
        self._show()
        self._hide_if_empty()

    def bar(self) -> pn.Row:
        """Return a row that holds the bar, and has room for more."""
        return pn.Row(
            self._bar,
            css_classes=["tab-bar"],
            stylesheets=[CSS],
            sizing_mode="stretch_width",
            margin=0,
        )

    def set_badge(self, key: str, badge: str) -> None:
        """Show HTML behind the title of a tab, if there is one."""
        if key in self._keys and self._badges.get(key, "") != badge:
            self._badges[key] = badge
            index = self._keys.index(key)
            with pn.io.hold():
                self._bar[index] = (TABS[key] + badge, self._bar[index])

    def _hide_if_empty(self) -> None:
        # Axes without data would look like a result.
        self.content.visible = self._state.opened is not None
        self.content.css_classes = ["tabs", *["stale"] * bool(self._state.opening)]

    def _show(self) -> None:
        tab = self._state.tab if self._state.tab in self._keys else self._keys[0]
        if tab not in self._made:
            cards = grid(tab)
            # A grid's own `display` would win over Bokeh's rule for what is hidden.
            column = self._made[tab] = _column(cards)
            self._queue.add(cards, self._makers[tab](cards), lambda: self.content.append(column))
        for key, made in self._made.items():
            made.visible = key == tab
        self._bar.active = self._keys.index(tab)


def grid(tab: str, *cards) -> pn.Column:
    """Return cards in the grid that the style sheet defines for `tab`."""
    return pn.Column(
        *cards, css_classes=["cards", tab], stylesheets=[CSS], sizing_mode="stretch_width", margin=0
    )


def _column(*content) -> pn.Column:
    return pn.Column(*content, css_classes=["tabs"], sizing_mode="stretch_width", margin=0, stylesheets=[CSS])

"""The base class of views: parts of the page that follow the state while they are visible."""

from collections.abc import Callable

import panel as pn
import param

from ..session.state import State


class View(pn.viewable.Viewer):
    """A part of the page that belongs to one tab, or to none and is always visible.

    Parameters
    ----------
    state : State
        State of the session.
    tab : str
        Key of `state.TABS`; "" for a view outside the tabs.
    """

    def __init__(self, state: State, tab: str = ""):
        super().__init__()
        self._state, self._tab = state, tab
        self._pending: dict[Callable[[], None], None] = {}
        state.param.watch(lambda _: self._run_pending(), "tab")

    @property
    def is_visible(self) -> bool:
        """Whether the view's tab is the current one."""
        return self._tab in ("", self._state.tab)

    def follow(
        self, function: Callable[[], None], *names: str, source: param.Parameterized | None = None
    ) -> None:
        """Call `function` now and after each change of the parameters `names` of `source`.

        `source` is the state by default. Calls for a hidden view are postponed, and made once when it
        becomes visible. The changes that `function` makes to the page are held and sent as one message:
        when one event overtakes another, Panel calls watchers without the document's lock, and models
        cannot be changed then.
        """
        (source or self._state).param.watch(lambda *_: self._call(function), list(names))
        self._call(function)

    def _call(self, function: Callable[[], None]) -> None:
        if self.is_visible:
            with pn.io.hold():
                function()
        else:
            self._pending[function] = None

    def _run_pending(self) -> None:
        if self.is_visible:
            pending, self._pending = self._pending, {}
            with pn.io.hold():
                for function in pending:
                    function()

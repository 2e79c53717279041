"""What every view is: a part of the page that follows the state while it is seen."""

from collections.abc import Callable

import panel as pn
import param

from ..session.state import State


class View(pn.viewable.Viewer):
    """A part of the page that stands in one tab, or in none and so is always seen.

    Parameters
    ----------
    state : State
        What it shows.
    tab : str
        Key of `state.TABS`; "" for always seen.
    """

    def __init__(self, state: State, tab: str = ""):
        super().__init__()
        self._state, self._tab = state, tab
        self._due: dict[Callable[[], None], None] = {}
        state.param.watch(lambda _: self._catch_up(), "tab")

    @property
    def is_seen(self) -> bool:
        """Whether the view's tab is the one on the screen."""
        return self._tab in ("", self._state.tab)

    def follow(
        self, function: Callable[[], None], *names: str, source: param.Parameterized | None = None
    ) -> None:
        """Call `function` now and after each change of the parameters `names` of `source`.

        `source` is the state unless given. What changes while the view is not seen is caught up on, once,
        when it is. What `function` changes on the page is held and sent as one message: Panel calls
        without the document's lock where an event overtakes a change, and models cannot be written then.
        """
        (source or self._state).param.watch(lambda *_: self._call(function), list(names))
        self._call(function)

    def _call(self, function: Callable[[], None]) -> None:
        if self.is_seen:
            with pn.io.hold():
                function()
        else:
            self._due[function] = None

    def _catch_up(self) -> None:
        if self.is_seen:
            due, self._due = self._due, {}
            with pn.io.hold():
                for function in due:
                    function()

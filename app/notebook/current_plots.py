"""Plots of the current state in a notebook, as HoloViews elements."""

from collections.abc import Callable

import holoviews as hv

from ..exports.figures import MAKERS
from ..exports.report_data import ReportData
from ..plots.elements.options import load_matplotlib
from ..session.state import State

# What the views of the dashboard are called.
_VIEWS = {
    "curve": "entropy_diversity",
    "map": "environment_map",
    "forces": "force_tail",
    "outliers": "delta_entropy",
}
_FOLLOWED = ["paths", "methods", "active", "n_frames", "marks", "embedding"]


class CurrentPlots:
    """Plots of the current state of an `Explorer`, under the names in `quests_app.plots`.

    Each attribute is a new element: `entropy_diversity` (also `curve`), `overlap`, `force_tail` (`forces`),
    `redundancy`, `delta_entropy` (`outliers`), `environment_map` (`map`). Show them after
    ``hv.extension("bokeh")`` or ``hv.extension("matplotlib")``.

    Parameters
    ----------
    state : State
        State of the session.
    result : callable
        Returns the results of a plot by its name, and, if its second argument is true, computes those that
        are missing.
    live : bool
        Return plots that follow the state, each as a ``hv.DynamicMap``.
    """

    def __init__(self, state: State, result: Callable[[str, bool], ReportData], live: bool = False):
        load_matplotlib()
        self._state, self._result, self._live = state, result, live

    def __call__(self, live: bool = False) -> "CurrentPlots":
        """Return the plots of the current state, or with `live` plots that follow it."""
        return CurrentPlots(self._state, self._result, live)

    def __getattr__(self, name: str) -> hv.Overlay | hv.DynamicMap:
        """Return a plot."""
        name = _VIEWS.get(name, name)
        if name not in MAKERS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        make = MAKERS[name]
        shown = make(self._result(name, True))
        if not self._live:
            return shown
        last = [shown]

        def follow(**_) -> hv.Overlay:
            # While a file is opened or an order computed, the last plot stays.
            if self._state.path is not None and self._state.is_current(self._state.path):
                last[0] = make(self._result(name, False))
            return last[0]

        # Not `Params`, which would hash all paths at each move.
        changes = hv.streams.Counter()
        self._state.param.watch(lambda *_: changes.event(), _FOLLOWED)
        return hv.DynamicMap(follow, streams=[changes])

    def __dir__(self):
        """List the plots too."""
        return [*super().__dir__(), *MAKERS, *_VIEWS]

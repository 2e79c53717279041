"""Single views of the dashboard for notebook cells."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

from ..page import THEME
from ..session.controller import Controller
from ..session.state import State
from ..views.frames.frames import FramesView
from ..views.header.summary import SummaryView
from ..views.health.health import HealthView
from ..views.lost.lost_table import LostTable
from ..views.lost.outliers import LostLabelsView, OutliersView
from ..views.map.map import MapView
from ..views.map.nearest import NearestView
from ..views.map.structure import StructureView
from ..views.overview.curve import CurveView
from ..views.overview.forces import ForcesView
from ..views.overview.overlap import OverlapView
from ..views.overview.redundancy import RedundancyView
from ..views.overview.table import TableView
from ..views.sidebar.methods import MethodsView
from ..views.sidebar.size import SizeView
from ..widgets.drawn_signal import DrawnSignal
from . import comm
from .scripts import with_packed_script

# View class and height in pixels.
VIEWS = {
    "curve": (CurveView, 400),
    "overlap": (OverlapView, 400),
    "map": (MapView, 480),
    "forces": (ForcesView, 400),
    "redundancy": (RedundancyView, 320),
    "outliers": (OutliersView, 360),
    "lost_labels": (LostLabelsView, 320),
    "lost": (LostTable, 480),
    "structure": (StructureView, 620),
    "nearest": (NearestView, 260),
    "frames": (FramesView, 520),
    "health": (HealthView, None),
    "table": (TableView, None),
    "summary": (SummaryView, None),
    "size": (SizeView, None),
    "compared": (MethodsView, None),
}
WITH_CONTROLLER = (MapView, RedundancyView, StructureView, FramesView, HealthView)
OF_FRAMES = (ForcesView, StructureView, NearestView, FramesView, HealthView)


class Shown(pn.viewable.Viewer):
    """A part of the dashboard that can be displayed in any number of cells."""

    def __init__(self, make: Callable[[], pn.viewable.Viewable], wire: comm.Wire):
        super().__init__()
        self._make, self._wire = make, wire

    def __panel__(self):
        """Return a new instance, since a figure can be displayed only once."""
        return self._make()

    def _repr_mimebundle_(self, include=None, exclude=None):
        drawn = DrawnSignal()
        made = pn.Column(self._make(), drawn, sizing_mode="stretch_width", margin=0)
        drawn.param.watch(lambda _: self._wire.begin(tuple(made._models)), "drawn")
        # Before the models join a document, which would recount them at each change.
        made._hooks.append(lambda view, root, *_: comm.inline_styles(root))
        self._wire.listen(made)
        bundle = made._repr_mimebundle_(include, exclude)
        # A Jupyter widget handles its own messages.
        for ref in made._models if pn.config.comms == "default" else ():
            self._wire.connect(ref)
        return _compressed(bundle)


def _compressed(bundle):
    """Return what IPython displays, with compressed scripts."""
    data, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
    if not isinstance(data, dict) or "text/html" not in data:
        return bundle
    data = {**data, "text/html": with_packed_script(data["text/html"])}
    return (data, *metadata) if metadata else data


def alone(name: str, state: State, controller: Controller) -> pmui.Column:
    """Return a new view of `VIEWS` for a cell."""
    kind, height = VIEWS[name]
    view = kind(state, controller) if kind in WITH_CONTROLLER else kind(state)
    return pmui.Column(view, theme_config=THEME, margin=0, height=height, sizing_mode="stretch_width")

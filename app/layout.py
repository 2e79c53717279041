"""The page: which view stands where."""

import panel as pn
import panel_material_ui as pmui

from .card import CSS
from .explorer import Explorer
from .repeats import Repeating
from .sets import Sets
from .state import State
from .tabs import Tabs
from .views.addition import AdditionView
from .views.curve import CurveView
from .views.dataset import DatasetView
from .views.export import ExportView
from .views.forces import ForcesView
from .views.map import MapView
from .views.marks import MarksView
from .views.matrix import MatrixView
from .views.methods import MethodsView
from .views.novel import NovelView
from .views.novelty import NoveltyView
from .views.overlap import OverlapView
from .views.redundancy import RedundancyView
from .views.setmap import SetMapView
from .views.sets import SetsView
from .views.settings import SettingsView
from .views.size import SizeView
from .views.status import StatusView
from .views.summary import SummaryView
from .views.table import TableView

TITLE = "QUESTS Explorer"
THEME = {
    "light": {
        "palette": {
            "primary": {"main": "#0b5a7d"},
            "background": {"default": "#f3f5f7", "paper": "#ffffff"},
        }
    },
    "dark": {"palette": {"primary": {"main": "#5ab4dc"}}},
    "typography": {"fontSize": 13, "button": {"textTransform": "none"}},
    "shape": {"borderRadius": 8},
}
SX = {
    "& .MuiToolbar-root": {"minHeight": "48px"},
    "& .header": {"backgroundColor": "#0b4f6c", "color": "#ffffff"},
    "& .main-content": {"backgroundColor": "background.default"},
    "& .title": {"fontSize": "17px", "fontWeight": 500, "letterSpacing": ".01em"},
}


def page(state: State, explorer: Explorer) -> pmui.Page:
    """Return the whole page for one session."""
    tabs = Tabs(
        state, {"overview": lambda: _overview(state, explorer), "sets": lambda: _sets_tab(state, explorer)}
    )
    main = pn.Column(
        StatusView(state, explorer), SummaryView(state), tabs.bar(MarksView(state, explorer)), tabs.content,
        css_classes=["page"], stylesheets=[CSS], sizing_mode="stretch_width", margin=0,
    )  # fmt: skip
    sidebar = (
        DatasetView(state, explorer), SizeView(state), MethodsView(state), ExportView(state, explorer),
        SettingsView(state, explorer),
    )  # fmt: skip
    return pmui.Page(
        title=TITLE,
        main=[main],
        sidebar=list(sidebar),
        sidebar_width=300,
        theme_config=THEME,
        busy_indicator=None,
        sx=SX,
    )


def grid(*cards, tab: str) -> pn.Column:
    """Return cards in the grid that the style sheet gives to `tab`."""
    return pn.Column(
        *cards, css_classes=["cards", tab], stylesheets=[CSS], sizing_mode="stretch_width", margin=0
    )


def _overview(state: State, explorer: Explorer) -> pn.Column:
    tab = "overview"
    Repeating(state, explorer)
    views = (
        CurveView(state, tab), OverlapView(state, tab), MapView(state, explorer, tab),
        ForcesView(state, tab), TableView(state, tab), RedundancyView(state, explorer, tab),
    )  # fmt: skip
    return grid(*views, tab=tab)


def _sets_tab(state: State, explorer: Explorer) -> pn.Column:
    tab, sets = "sets", Sets(state, explorer)
    views = (
        SetsView(state, sets, tab), NoveltyView(state, sets, tab), SetMapView(state, sets, tab),
        NovelView(state, sets, tab), AdditionView(state, sets, tab), MatrixView(state, sets, tab),
    )  # fmt: skip
    return grid(*views, tab=tab)

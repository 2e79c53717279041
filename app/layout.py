"""The page: which view stands where."""

import panel as pn
import panel_material_ui as pmui

from .card import CSS
from .explorer import Explorer
from .state import State
from .tabs import Tabs
from .views.address import AddressView
from .views.curve import CurveView
from .views.dataset import DatasetView
from .views.export import ExportView
from .views.export_dialog import ExportDialog
from .views.forces import ForcesView
from .views.map import MapView
from .views.marks import MarksView
from .views.methods import MethodsView
from .views.overlap import OverlapView
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


def page(state: State, explorer: Explorer, search: str | None = None) -> pmui.Page:
    """Return the whole page for one session; open what `search`, of the address, asks for if given."""
    address = AddressView(state, explorer)
    tabs = Tabs(state, {"overview": lambda: _overview(state, explorer)})
    main = pn.Column(
        StatusView(state, explorer), SummaryView(state), tabs.bar(MarksView(state, explorer)), tabs.content,
        css_classes=["page"], stylesheets=[CSS], sizing_mode="stretch_width", margin=0,
    )  # fmt: skip
    sidebar = (
        DatasetView(state, explorer), SizeView(state), MethodsView(state), ExportView(state, explorer),
        ExportDialog(state, explorer), SettingsView(state, explorer), address,
    )  # fmt: skip
    if search is not None:
        address.open(search)
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
    views = (
        CurveView(state, tab), OverlapView(state, tab), MapView(state, explorer, tab),
        ForcesView(state, tab), TableView(state, tab),
    )  # fmt: skip
    return grid(*views, tab=tab)

"""Lay out the views on the page."""

from collections.abc import Callable
from functools import partial

import panel as pn
import panel_material_ui as pmui
from panel.util import edit_readonly
from panel.viewable import Viewable

from .jobs.activity import WAITING
from .session.controller import Controller
from .session.references import ReferenceSets
from .session.seed_bands import SeedBandUpdater
from .session.state import TABS, State
from .views.compare.addition import AdditionView
from .views.compare.matrix import MatrixView
from .views.compare.novel_frames import NovelFramesTable
from .views.compare.novelty import NoveltyView
from .views.compare.set_map import SetMapView
from .views.compare.sets import SetsView
from .views.frames.frames import FramesView
from .views.header.selection_bar import SelectionBar
from .views.header.status import StatusView
from .views.header.summary import SummaryView
from .views.header.waiting import WaitingView
from .views.health.health import HealthView
from .views.lost.lost_table import LostTable
from .views.lost.outliers import LostLabelsView, OutliersView
from .views.map.map import MapView
from .views.map.nearest import NearestView
from .views.map.structure import StructureView
from .views.overview.curve import CurveView
from .views.overview.forces import ForcesView
from .views.overview.overlap import OverlapView
from .views.overview.redundancy import RedundancyView
from .views.overview.table import TableView
from .views.sidebar.address import AddressView
from .views.sidebar.dataset import DatasetView
from .views.sidebar.export import ExportView
from .views.sidebar.export_dialog import ExportDialog
from .views.sidebar.methods import MethodsView
from .views.sidebar.settings import SettingsView
from .views.sidebar.size import SizeView
from .views.tabs import Tabs
from .widgets.card import CSS, html
from .widgets.tables import TableKeys

TITLE = "QUESTS Explorer"
# Tabs that need frames, not only descriptors.
_OF_FRAMES = ("map", "frames", "sets", "health")
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


def page(
    state: State, controller: Controller, search: str | None = None,
    begin: Callable[[Callable[[], None]], object] | None = None,
) -> pmui.Page:  # fmt: skip
    """Return the page of one session; open the link with the query string `search` if given.

    `begin` schedules the function that opens the link; by default it runs immediately.
    """
    sets = ReferenceSets(state, controller)
    address = AddressView(state, controller, sets)
    main = content(state, controller, sets)
    sidebar = (
        DatasetView(state, controller), SizeView(state), MethodsView(state), ExportView(state, controller),
        ExportDialog(state, controller, sets), SettingsView(state, controller), address,
    )  # fmt: skip
    if search is not None:
        address.ask(search)
        if begin is None:
            address.open()
        else:
            state.main_activity.param.update(running=True, title="Opening", step=WAITING)
            begin(address.open)
    page = pmui.Page(
        title=TITLE,
        main=[main, TableKeys()],
        sidebar=list(sidebar),
        sidebar_width=300,
        theme_config=THEME,
        busy_indicator=None,
        sx=SX,
    )
    # By default, `busy` follows the whole process: each event of any session would visit the models of all
    # sessions, and the process would keep every session alive.
    with edit_readonly(page):
        page.busy = page.param.loading
    return page


def content(
    state: State, controller: Controller, sets: ReferenceSets, without: tuple[str, ...] = ()
) -> pn.Column:
    """Return everything next to the sidebar: status, summary, and the tabs except those in `without`."""
    tabs = Tabs(state, _makers(state, controller, sets, without))
    return pn.Column(
        StatusView(state, controller), SummaryView(state), tabs.bar(SelectionBar(state, controller)),
        WaitingView(state, controller), tabs.content,
        css_classes=["page"], stylesheets=[CSS], sizing_mode="stretch_width", margin=0,
    )  # fmt: skip


def _makers(
    state: State, controller: Controller, sets: ReferenceSets, without: tuple[str, ...]
) -> dict[str, Callable[[], Viewable]]:
    makers: dict[str, Callable[..., pn.Column]] = {
        "overview": _overview,
        "map": _map_tab,
        "outliers": _outliers_tab,
        "frames": _frames_tab,
        "sets": partial(_sets_tab, sets=sets),
        "health": _health_tab,
    }
    return {key: partial(make, state, controller) for key, make in makers.items() if key not in without}


def inline(state: State, controller: Controller, of_frames: bool = True) -> pmui.Column:
    """Return the dashboard for a notebook cell, with the controls above the tabs.

    Descriptors without frames (`of_frames` False) leave nothing to export and no structures to view.
    """
    sets = ReferenceSets(state, controller)
    deciding = [pn.Column(SizeView(state), width=280), pn.Column(MethodsView(state), width=310)]
    if of_frames:
        views = (
            ExportView(state, controller),
            ExportDialog(state, controller, sets),
            SettingsView(state, controller),
        )
        deciding.append(pn.Column(*views, width=330))
    return pmui.Column(
        pn.FlexBox(*deciding, styles={"gap": "0 24px"}, margin=0, sizing_mode="stretch_width"),
        content(state, controller, sets, without=() if of_frames else _OF_FRAMES),
        theme_config=THEME, margin=0, sizing_mode="stretch_width",
    )  # fmt: skip


def printed(
    state: State, controller: Controller, wait: Callable[[], object], of_frames: bool = True
) -> pmui.Column:
    """Return a page that works without Python: the summary and all tabs, each created while visible.

    `wait` blocks until the results requested by the views are available.
    """
    # Comparing sets needs another file.
    without = ("sets",) if of_frames else _OF_FRAMES
    before, made = state.tab, []
    for key, make in _makers(state, controller, ReferenceSets(state, controller), without).items():
        state.tab = key
        made.append((TABS[key], make()))
        wait()
    state.tab = before
    tabs = pmui.Tabs(*made, margin=0, sx={"& .MuiTab-root": {"textTransform": "none"}})
    note = f"Saved from {TITLE}. The controls of the subset need Python and are inactive here."
    return pmui.Column(
        pn.Column(
            SummaryView(state), html(f'<div class="small">{note}</div>'), tabs,
            css_classes=["page"], stylesheets=[CSS], sizing_mode="stretch_width", margin=0,
        ),
        theme_config=THEME, margin=0, sizing_mode="stretch_width",
    )  # fmt: skip


def grid(*cards, tab: str) -> pn.Column:
    """Return cards in the grid that the style sheet defines for `tab`."""
    return pn.Column(
        *cards, css_classes=["cards", tab], stylesheets=[CSS], sizing_mode="stretch_width", margin=0
    )


def _overview(state: State, controller: Controller) -> pn.Column:
    tab = "overview"
    SeedBandUpdater(state, controller)
    views = (
        CurveView(state, tab), OverlapView(state, tab), MapView(state, controller, tab),
        ForcesView(state, tab), TableView(state, tab), RedundancyView(state, controller, tab),
    )  # fmt: skip
    return grid(*views, tab=tab)


def _sets_tab(state: State, controller: Controller, sets: ReferenceSets) -> pn.Column:
    tab = "sets"
    views = (
        SetsView(state, sets, tab), NoveltyView(state, sets, tab), SetMapView(state, sets, tab),
        NovelFramesTable(state, sets, tab), AdditionView(state, sets, tab), MatrixView(state, sets, tab),
    )  # fmt: skip
    shown = grid(*views, tab=tab)

    def hide_unused() -> None:
        # Without another file most views have nothing to show.
        alone = not sets.references
        shown.css_classes = ["cards", tab, *["alone"] * alone]
        for view in shown.objects[1:5]:
            view.visible = not alone

    sets.param.watch(lambda _: hide_unused(), "references")
    hide_unused()
    return shown


def _map_tab(state: State, controller: Controller) -> pn.Column:
    tab = "map"
    chart = MapView(state, controller, tab, with_subset=True)
    return grid(chart, StructureView(state, controller, tab), NearestView(state, tab), tab="map-tab")


def _frames_tab(state: State, controller: Controller) -> pn.Column:
    tab = "frames"
    return grid(FramesView(state, controller, tab), tab=tab)


def _outliers_tab(state: State, controller: Controller) -> pn.Column:
    tab = "outliers"
    return grid(OutliersView(state, tab), LostLabelsView(state, tab), LostTable(state, tab), tab=tab)


def _health_tab(state: State, controller: Controller) -> pn.Column:
    tab = "health"
    return grid(HealthView(state, controller, tab), tab=tab)

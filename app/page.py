"""Lay out the views on the page."""

from collections.abc import Callable, Iterator

import panel as pn
import panel_material_ui as pmui
from panel.util import edit_readonly

from .jobs.activity import WAITING
from .session.controller import Controller
from .session.predictions import PotentialPredictions
from .session.references import ReferenceSets
from .session.seed_bands import SeedBandUpdater
from .session.state import TABS, State
from .session.training import PotentialTraining
from .views.base import View
from .views.compare.addition import AdditionView
from .views.compare.matrix import MatrixView
from .views.compare.novel_frames import NovelFramesTable
from .views.compare.novelty import NoveltyView
from .views.compare.set_map import SetMapView
from .views.compare.sets import SetsView
from .views.frames.columns import ColumnsView
from .views.frames.frames import FramesView
from .views.header.elements import ElementsView
from .views.header.progress import ProgressView
from .views.header.selection_bar import SelectionBar
from .views.header.status import StatusView
from .views.header.summary import SummaryView
from .views.header.waiting import WaitingView
from .views.health.badge import HealthBadge
from .views.health.curation import CurationView
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
from .views.potentials.calculator_form import CalculatorForm
from .views.potentials.cells import CellsTable
from .views.potentials.errors import ErrorsView
from .views.potentials.form import TrainingForm
from .views.potentials.parity import ParityView
from .views.potentials.worst import WorstFrames
from .views.sidebar.address import AddressView
from .views.sidebar.dataset import DatasetView
from .views.sidebar.descriptor import DescriptorView
from .views.sidebar.export import ExportView
from .views.sidebar.export_dialog import ExportDialog
from .views.sidebar.methods import MethodsView
from .views.sidebar.server_files import ServerFilesView
from .views.sidebar.settings import SettingsView
from .views.sidebar.size import SizeView
from .views.tabs import TabMaker, Tabs, grid
from .views.view_queue import ViewQueue
from .widgets.card import CSS, html
from .widgets.dialog_focus import DialogFocus
from .widgets.tables import TableKeys
from .widgets.theme import Theme

TITLE = "QUESTS Explorer"
# Tabs that need frames, not only descriptors.
_OF_FRAMES = ("map", "frames", "sets", "health", "potentials")
# Another file, or a training, needs Python.
_NEEDING_PYTHON = ("sets", "potentials")
# As wide as their text: a narrow button would break its tooltip after each word.
_TOOLTIPS = {"MuiTooltip": {"styleOverrides": {"tooltip": {"width": "max-content", "maxWidth": 280}}}}
THEME = {
    "light": {
        "palette": {
            "primary": {"main": "#0b5a7d"},
            "background": {"default": "#f3f5f7", "paper": "#ffffff"},
        },
        "components": _TOOLTIPS,
    },
    "dark": {"palette": {"primary": {"main": "#5ab4dc"}}, "components": _TOOLTIPS},
}
SX = {
    "& .MuiToolbar-root": {"minHeight": "48px"},
    "& .header": {"backgroundColor": "#0b4f6c", "color": "#ffffff"},
    "& .main-content": {"backgroundColor": "background.default"},
    "& .title": {"fontSize": "17px", "fontWeight": 500, "letterSpacing": ".01em"},
}


def page(
    state: State, controller: Controller, search: str | None = None,
    begin: Callable[[Callable[[], None]], object] | None = None, queue: ViewQueue | None = None,
    theme: str = "",
) -> pmui.Page:  # fmt: skip
    """Return the page of one session; open the link with the query string `search` if given.

    `begin` schedules the function that opens the link; by default it runs immediately. The page that is
    returned holds what is needed first; `queue` builds the rest, by default immediately. `theme` is the one
    that was chosen before, see `Theme`.
    """
    queue = queue or ViewQueue()
    sets = ReferenceSets(state, controller)
    address = AddressView(state, controller, sets)
    if search is not None:
        address.ask(search)
    main = content(state, controller, sets, queue=queue)
    sidebar = pn.Column(
        address,
        DatasetView(state, controller),
        ServerFilesView(state, controller),
        SizeView(state),
        sizing_mode="stretch_width",
        margin=0,
    )
    queue.add(sidebar, _rest_of_sidebar(state, controller, sets))
    if search is not None:
        if begin is None:
            address.open()
        else:
            state.main_activity.param.update(running=True, title="Opening", step=WAITING)
            begin(address.open)
    page = pmui.Page(
        title=TITLE,
        header=[ProgressView(state, controller, on_bar=True)],
        main=[main, TableKeys(), DialogFocus()],
        sidebar=[sidebar],
        sidebar_width=300,
        theme_config=THEME,
        busy_indicator=None,
        sx=SX,
    )
    # By default, `busy` follows the whole process: each event of any session would visit the models of all
    # sessions, and the process would keep every session alive.
    with edit_readonly(page):
        page.busy = page.param.loading
    main.append(Theme(page, theme))
    return page


def _rest_of_sidebar(state: State, controller: Controller, sets: ReferenceSets) -> Iterator[View]:
    yield MethodsView(state)
    yield ExportView(state, controller)
    yield ExportDialog(state, controller, sets)
    yield SettingsView(state, controller)
    yield DescriptorView(state, controller)


def content(
    state: State, controller: Controller, sets: ReferenceSets, without: tuple[str, ...] = (),
    queue: ViewQueue | None = None,
) -> pn.Column:  # fmt: skip
    """Return everything next to the sidebar: status, summary, and the tabs except those in `without`."""
    queue = queue or ViewQueue()
    tabs = Tabs(state, _makers(state, controller, sets, without), queue)
    bar = tabs.bar()
    # At once: its buttons follow when they are needed, and each addition to a page is laid out anew.
    bar.append(SelectionBar(state, controller))
    if "health" not in without:
        HealthBadge(state, controller, lambda badge: tabs.set_badge("health", badge))
    return pn.Column(
        StatusView(state), ElementsView(state, controller), SummaryView(state), bar,
        WaitingView(state, controller), tabs.content,
        css_classes=["page"], stylesheets=[CSS], sizing_mode="stretch_width", margin=0,
    )  # fmt: skip


def _makers(
    state: State, controller: Controller, sets: ReferenceSets, without: tuple[str, ...]
) -> dict[str, TabMaker]:
    makers: dict[str, TabMaker] = {
        "overview": lambda _: _overview(state, controller),
        "map": lambda _: _map_tab(state, controller),
        "outliers": lambda _: _outliers_tab(state),
        "frames": lambda _: _frames_tab(state, controller),
        "sets": lambda cards: _sets_tab(cards, state, sets),
        "health": lambda _: _health_tab(state, controller, sets),
        "potentials": lambda cards: _potentials_tab(cards, state, controller),
    }
    return {key: make for key, make in makers.items() if key not in without}


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
            DescriptorView(state, controller),
            DialogFocus(),
        )
        deciding.append(pn.Column(*views, width=330))
    return pmui.Column(
        pn.FlexBox(*deciding, styles={"gap": "0 24px"}, margin=0, sizing_mode="stretch_width"),
        ProgressView(state, controller),
        content(state, controller, sets, without=() if of_frames else _OF_FRAMES),
        theme_config=THEME, margin=0, sizing_mode="stretch_width",
    )  # fmt: skip


def printed(
    state: State, controller: Controller, wait: Callable[[], object], of_frames: bool = True
) -> pmui.Column:
    """Return a page that works without Python: the summary and all tabs, each created while visible.

    `wait` blocks until the results requested by the views are available.
    """
    without = _NEEDING_PYTHON if of_frames else _OF_FRAMES
    before, made = state.tab, []
    for key, make in _makers(state, controller, ReferenceSets(state, controller), without).items():
        state.tab = key
        cards = grid(key)
        cards.extend(make(cards))
        made.append((TABS[key], cards))
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


def _overview(state: State, controller: Controller) -> Iterator[View]:
    tab = "overview"
    SeedBandUpdater(state, controller)
    yield CurveView(state, tab)
    yield OverlapView(state, tab)
    yield MapView(state, controller, tab)
    yield ForcesView(state, tab)
    yield TableView(state, tab)
    yield RedundancyView(state, controller, tab)


def _map_tab(state: State, controller: Controller) -> Iterator[View]:
    tab = "map"
    yield MapView(state, controller, tab, with_subset=True)
    yield StructureView(state, controller, tab)
    yield NearestView(state, tab)


def _outliers_tab(state: State) -> Iterator[View]:
    tab = "outliers"
    yield OutliersView(state, tab)
    yield LostLabelsView(state, tab)
    yield LostTable(state, tab)


def _frames_tab(state: State, controller: Controller) -> Iterator[View]:
    yield FramesView(state, controller, "frames")
    yield ColumnsView(state, controller, "frames")


def _sets_tab(cards: pn.Column, state: State, sets: ReferenceSets) -> Iterator[View]:
    tab = "sets"

    def hide_unused(*_) -> None:
        # Without another file most views have nothing to show.
        alone = not sets.references
        cards.css_classes = ["cards", tab, *["alone"] * alone]
        for view in cards.objects[1:5]:
            view.visible = not alone

    sets.param.watch(hide_unused, "references")
    cards.param.watch(hide_unused, "objects")
    yield SetsView(state, sets, tab)
    yield NoveltyView(state, sets, tab)
    yield SetMapView(state, sets, tab)
    yield NovelFramesTable(state, sets, tab)
    yield AdditionView(state, sets, tab)
    yield MatrixView(state, sets, tab)


def _health_tab(state: State, controller: Controller, sets: ReferenceSets) -> Iterator[View]:
    yield HealthView(state, controller, "health")
    yield CurationView(state, controller, sets, "health")


def _potentials_tab(cards: pn.Column, state: State, controller: Controller) -> Iterator[View]:
    tab, training = "potentials", PotentialTraining(state, controller)
    predictions = PotentialPredictions(state, controller)

    def hide_unused(*_) -> None:
        # Without potentials, and without predictions, there is nothing to see.
        is_trained, is_predicted = training.comparison is not None, bool(predictions.found)
        cards.css_classes = ["cards", tab, *["trained"] * is_trained, *["predicted"] * is_predicted]
        for views, has_any in ((cards.objects[1:3], is_trained), (cards.objects[4:], is_predicted)):
            for view in views:
                view.visible = has_any

    training.param.watch(hide_unused, "comparison")
    predictions.param.watch(hide_unused, "found")
    cards.param.watch(hide_unused, "objects")
    yield TrainingForm(state, controller, training, tab)
    yield ErrorsView(state, training, tab)
    yield CellsTable(state, training, tab)
    yield CalculatorForm(state, predictions, tab)
    yield ParityView(state, predictions, tab)
    yield WorstFrames(state, predictions, tab)

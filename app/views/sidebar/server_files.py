"""Find a file on the server: in its folders, or among those opened before in this browser."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import panel as pn
import panel_material_ui as pmui

from quests_core.io.pool import is_pattern

from ...server.folder_listing import Listing, first_listing, list_folder
from ...session.controller import Controller
from ...session.link import source_text
from ...session.state import State
from ...widgets.browser_store import LONGEST_TEXT, BrowserStore
from ...widgets.card import html
from ..base import View

_MOST_RECENT = 8
# The first option of both lists, which stand for actions and have no value.
_NOTHING, _CHOOSE = "", "choose…"
_OPEN = "open this folder"


class ServerFilesView(View):
    """Two lists in the sidebar, where paths may be used; choosing a file opens it.

    The files opened before are kept in the browser, never on the server, so that nobody sees those of others.
    """

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller = controller
        self._listing: Listing | None = None
        self._is_listed, self._recent = False, list[str]()
        self._store = BrowserStore(key="recent files", lasting=True)
        self._browse = _choice("Server files", self._chosen)
        self._again = _choice("Recent files", self._open_again, visible=False)
        self._note = html()
        self._browse.param.watch(lambda event: self._opened_list(event.new), "dropdown_open")
        self._store.param.watch(lambda _: self._restore(), "kept")
        self.follow(self._remember, "opened")

    @property
    def _is_allowed(self) -> bool:
        return not self._controller.allowed_paths.is_empty

    def _opened_list(self, is_open: bool) -> None:
        """List the first folder when the list is first opened; nothing is read before."""
        if is_open and not self._is_listed and self._is_allowed:
            self._is_listed = True
            self._list(lambda: first_listing(self._controller.allowed_paths))

    def _list(self, listing: Callable[[], Listing]) -> None:
        def failed(error: Exception) -> None:
            self._is_listed = self._listing is not None
            self._controller.show_error("Could not list the folder", error)

        # Not on the event loop, as a network disk may take long.
        self._controller.run("Listing a folder", lambda _: listing(), self._show, failed, quick=True)

    def _show(self, listing: Listing) -> None:
        self._listing = listing
        options = {_CHOOSE: _NOTHING}
        if listing.parent is not None:
            options["../"] = str(listing.parent)
        if listing.folder is not None and listing.is_data:
            options[_OPEN] = str(listing.folder)
        for path in listing.folders:
            options[f"{path if listing.folder is None else path.name}/"] = str(path)
        for path in listing.files:
            options[path.name] = str(path)
        n = len(listing.folders) + len(listing.files)
        where = "the folders of this server" if listing.folder is None else str(listing.folder)
        more = "" if listing.is_complete else f"; only the first {n:,} are listed, enter the path of others"
        with pn.io.hold():
            self._browse.param.update(options=options, value=_NOTHING)
            self._note.object = f'<div class="small">{escape(where + more)}</div>'

    def _chosen(self, path: str) -> None:
        listing = self._listing
        if listing is None:
            return
        if Path(path) in (listing.parent, *listing.folders):
            self._list(lambda: list_folder(Path(path), self._controller.allowed_paths))
        elif Path(path) in (listing.folder, *listing.files):
            self._controller.open(path)
        self._browse.value = _NOTHING

    def _open_again(self, text: str) -> None:
        self._again.value = _NOTHING
        if text in self._recent:
            # It is validated as if it had been typed.
            self._controller.open(text)

    def _may_open(self, text: str) -> bool:
        try:
            # To look for the files of a pattern takes time, and files are kept instead.
            return not is_pattern(text) and bool(self._controller.place_all(text))
        except ValueError:
            return False

    def _restore(self) -> None:
        """Offer what this browser has opened before, as far as this session may open it."""
        kept = self._store.valid()[:_MOST_RECENT]
        before = [text for text in kept if text not in self._recent and self._may_open(text)]
        self._offer([*self._recent, *before])

    def _remember(self) -> None:
        opened = self._state.opened
        if opened is None or opened.dataset.uploaded or self._controller.shows_demo or not self._is_allowed:
            return
        text = source_text(opened.source)
        if len(text) <= LONGEST_TEXT and self._may_open(text):
            self._offer([text, *(other for other in self._recent if other != text)])
            self._store.texts = self._recent

    def _offer(self, recent: list[str]) -> None:
        self._recent = recent[:_MOST_RECENT]
        with pn.io.hold():
            self._again.param.update(
                options={_CHOOSE: _NOTHING, **{_short(text): text for text in self._recent}},
                value=_NOTHING,
                visible=bool(self._recent),
            )

    def __panel__(self):
        """Return the lists."""
        return pn.Column(
            pn.Row(self._browse, self._again, sizing_mode="stretch_width", margin=0),
            self._note, self._store,
            sizing_mode="stretch_width", margin=(4, 16, 0, 16), visible=self._is_allowed,
        )  # fmt: skip


def _choice(label: str, action: Callable[[str], None], **options) -> pmui.Select:
    made = pmui.Select(
        label=label, options={_CHOOSE: _NOTHING}, value=_NOTHING, size="small", searchable=True,
        dropdown_height=420, sizing_mode="stretch_width", margin=(4, 4, 4, 0), **options,
    )  # fmt: skip

    def chosen(event) -> None:
        if event.new != _NOTHING:
            with pn.io.hold():
                action(event.new)

    made.param.watch(chosen, "value")
    return made


def _short(text: str) -> str:
    """Return a path whose end, with the name of the file, is seen in a narrow list."""
    return text if len(text) <= 60 else f"…{text[-59:]}"

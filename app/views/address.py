"""The browser's address line: it always links to what is shown."""

import contextlib
import os
from dataclasses import replace

import panel as pn
import param

from .. import saved
from ..explorer import Controller
from ..facts.analysis import GIVEN, METHODS, NESTED_METHODS, Parameters
from ..history import REMEMBERED
from ..link import DEMO, Wish, query
from ..parts.throttle import Throttle
from ..parts.view import View
from ..sets import Sets
from ..state import State


class Address(pn.custom.JSComponent):
    """Replaces the search part of the address; the browser's history stays as it is. Draws nothing.

    Beside it the tab keeps the decisions, and gives them back where the same address is called again.
    """

    search = param.String(default="")
    decisions = param.String(default="", doc="To be kept.")
    kept = param.String(default="", doc="What was kept.")

    _esm = """
    export function render({ model }) {
      const place = "quests " + location.pathname;
      let waiting = null;
      // Browsers refuse more than a few changes a second.
      const show = () => {
        waiting = null;
        history.replaceState(history.state, "", location.pathname + model.search + location.hash);
        const { search } = location, { decisions } = model;
        // Where storage is full or forbidden, only undo ends with the page.
        try { if (decisions) sessionStorage.setItem(place, JSON.stringify({ search, decisions })); } catch {}
      };
      const soon = () => { waiting ??= setTimeout(show, 400); };
      model.on("search", soon);
      model.on("decisions", soon);
      model.on("remove", () => clearTimeout(waiting));
      try {
        const left = JSON.parse(sessionStorage.getItem(place));
        // Another link leads to what it says.
        if (left && left.search === location.search) model.kept = left.decisions;
      } catch {}
      if (model.search) show();
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)


class AddressView(View):
    """Keeps the address line true, and opens what it asked for when the page was called."""

    def __init__(self, state: State, explorer: Controller, sets: Sets, tab: str = ""):
        super().__init__(state, tab)
        self._explorer, self._sets, self._address = explorer, sets, Address()
        self._wish: Wish | None = None
        self._saved: saved.Saved | None = None
        self._keep = Throttle(self._update_decisions, 300)
        self._address.param.watch(lambda event: self._bring(event.new), "kept")
        state.param.watch(lambda *_: self._keep(pn.state.curdoc), [*REMEMBERED, "opened"])
        explorer.history.param.watch(lambda *_: self._keep(pn.state.curdoc), ["can_undo", "can_redo"])
        # Marks, size and methods are in one message with what they change.
        self.follow(self._update, "opened", "methods", "active", "n_frames", "marks", "tab")

    def ask(self, search: str) -> None:
        """Take what a link asks for; to be called before anything else. Nothing is opened yet."""
        self._wish = wish = Wish(search)
        # What the server was started with.
        wish.file = wish.file or os.environ.get("QUESTS_FILE", "")
        self._state.param.update(**wish.before())
        self._state.param.watch(lambda _: self._fulfil_soon(), "opened")
        self._state.param.watch(lambda event: self._fall_back(event.new), "error")

    def open(self) -> None:
        """Open what the link asks for, the demo where it names no file."""
        wish = self._wish
        if wish is None or self._state.opened is not None:
            return
        if wish.file in ("", DEMO):
            self._explorer.open_demo()
        else:
            # The same door as the path field's.
            self._explorer.open(wish.file)

    def _fall_back(self, why: str) -> None:
        """Show the demo where the link's file cannot be opened, and why."""
        if why and self._wish is not None and self._state.opened is None:
            self._wish = None
            self._state.parameters = Parameters()
            self._explorer.open_demo()
            self._state.error = why

    def _bring(self, text: str) -> None:
        """Take what the tab has kept; it waits for its file."""
        self._saved = saved.read(text)
        if self._wish is None:
            self._fulfil_soon()

    def _bring_back(self) -> None:
        """Restore the decisions of a session that is gone, once their file is open again."""
        kept, opened = self._saved, self._state.opened
        if kept is None or opened is None or kept.file != opened.dataset.sha256:
            return
        if kept.parameters not in (None, opened.parameters):
            # Asked for once; then the decisions are about whatever there is.
            self._saved = replace(kept, parameters=None)
            self._explorer.recompute(kept.parameters)
            return
        self._saved = None
        methods = METHODS if self._state.reference is not None else NESTED_METHODS
        with contextlib.suppress(ValueError), pn.io.hold():
            self._explorer.history.restore(kept.values(len(opened.envs), methods), kept.at)

    def _fulfil_soon(self) -> None:
        """Let every view see the new file first."""
        if (self._wish or self._saved) is not None and self._state.opened is not None:
            self._explorer.run("Following the link", lambda _: None, self._fulfil, self._fulfil)

    def _fulfil(self, _=None) -> None:
        """Apply the rest of the link to the file it names, once that is open."""
        wish, self._wish = self._wish, None
        if wish is None:
            self._bring_back()
            return
        if self._names_open_file(wish):
            with self._explorer.history.pause():
                self._state.param.update(**wish.after(self._state))
            if wish.reference:
                self._add_reference(wish)
                return
        self._end(wish)

    def _add_reference(self, wish: Wish) -> None:
        """Order by what is new to the link's reference; the address is true again once that is there."""
        state, self._wish = self._state, wish

        def arrived(event) -> None:
            if GIVEN in state.paths or state.error or state.notice or state.opened is not opened:
                for watcher in watchers:
                    state.param.unwatch(watcher)
                if GIVEN in state.paths and wish.makes_given_active:
                    with self._explorer.history.pause():
                        state.active = GIVEN
                self._wish = None
                self._end(wish)

        opened = state.opened
        watchers = [state.param.watch(arrived, ["paths", "error", "notice", "opened"])]
        self._sets.add(wish.reference)
        with self._explorer.history.pause():
            self._sets.add_up()

    def _end(self, wish: Wish) -> None:
        if wish.faults:
            self._state.notice = f"Not understood in the link, and left out: {', '.join(wish.faults)}."
        self._update()
        self._bring_back()

    def _names_open_file(self, wish: Wish) -> bool:
        if wish.file in ("", DEMO):
            return self._explorer.shows_demo
        try:
            return self._state.opened.dataset.path == self._explorer.place(wish.file)
        except ValueError:
            return False

    def _update(self) -> None:
        # Not before the link has been followed: a reload would lose it.
        if self._wish is None:
            self._address.search = query(self._state, self._explorer.shows_demo)

    def _update_decisions(self) -> None:
        if self._wish is None and self._state.opened is not None:
            self._address.decisions = saved.write(self._state.opened, *self._explorer.history.steps)

    def __panel__(self):
        """Return what does the work, unseen."""
        return self._address

"""The browser's address line: it always links to what is shown."""

import contextlib
import os
from dataclasses import replace

import panel as pn
import param

from ...analysis.methods import METHODS, MSC_WITH_REFERENCE, NESTED_METHODS
from ...analysis.parameters import Parameters
from ...session import saved_decisions
from ...session.controller import Controller
from ...session.link import DEMO, LinkRequest, query
from ...session.references import ReferenceSets
from ...session.state import State
from ...session.undo import REMEMBERED
from ...widgets.throttle import Throttle
from ..base import View


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

    def __init__(self, state: State, controller: Controller, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._sets, self._address = controller, sets, Address()
        self._request: LinkRequest | None = None
        self._saved: saved_decisions.Saved | None = None
        self._keep = Throttle(self._update_decisions, 300)
        self._address.param.watch(lambda event: self._bring(event.new), "kept")
        state.param.watch(lambda *_: self._keep(pn.state.curdoc), [*REMEMBERED, "opened"])
        controller.history.param.watch(lambda *_: self._keep(pn.state.curdoc), ["can_undo", "can_redo"])
        # Marks, size and methods are in one message with what they change.
        self.follow(self._update, "opened", "methods", "active", "n_frames", "marks", "tab")

    def ask(self, search: str) -> None:
        """Take what a link asks for; to be called before anything else. Nothing is opened yet."""
        self._request = request = LinkRequest(search)
        # What the server was started with.
        request.file = request.file or os.environ.get("QUESTS_FILE", "")
        self._state.param.update(**request.before())
        self._state.param.watch(lambda _: self._fulfil_soon(), "opened")
        self._state.param.watch(lambda event: self._fall_back(event.new), "error")

    def open(self) -> None:
        """Open what the link asks for, the demo where it names no file."""
        request = self._request
        if request is None or self._state.opened is not None:
            return
        if request.file in ("", DEMO):
            self._controller.open_demo()
        else:
            # The same door as the path field's.
            self._controller.open(request.file)

    def _fall_back(self, why: str) -> None:
        """Show the demo where the link's file cannot be opened, and why."""
        if why and self._request is not None and self._state.opened is None:
            self._request = None
            self._state.parameters = Parameters()
            self._controller.open_demo()
            self._state.error = why

    def _bring(self, text: str) -> None:
        """Take what the tab has kept; it waits for its file."""
        self._saved = saved_decisions.read(text)
        if self._request is None:
            self._fulfil_soon()

    def _bring_back(self) -> None:
        """Restore the decisions of a session that is gone, once their file is open again."""
        kept, opened = self._saved, self._state.opened
        if kept is None or opened is None or kept.file != opened.dataset.sha256:
            return
        if kept.parameters not in (None, opened.parameters):
            # Asked for once; then the decisions are about whatever there is.
            self._saved = replace(kept, parameters=None)
            self._controller.recompute(kept.parameters)
            return
        self._saved = None
        methods = METHODS if self._state.reference is not None else NESTED_METHODS
        with contextlib.suppress(ValueError), pn.io.hold():
            self._controller.history.restore(kept.values(len(opened.envs), methods), kept.at)

    def _fulfil_soon(self) -> None:
        """Let every view see the new file first."""
        if (self._request or self._saved) is not None and self._state.opened is not None:
            self._controller.run("Following the link", lambda _: None, self._fulfil, self._fulfil)

    def _fulfil(self, _=None) -> None:
        """Apply the rest of the link to the file it names, once that is open."""
        request, self._request = self._request, None
        if request is None:
            self._bring_back()
            return
        if self._names_open_file(request):
            with self._controller.history.pause():
                self._state.param.update(**request.after(self._state))
            if request.reference:
                self._add_reference(request)
                return
        self._end(request)

    def _add_reference(self, request: LinkRequest) -> None:
        """Order by what is new to the link's reference; the address is true again once that is there."""
        state, self._request = self._state, request

        def arrived(event) -> None:
            if MSC_WITH_REFERENCE in state.paths or state.error or state.notice or state.opened is not opened:
                for watcher in watchers:
                    state.param.unwatch(watcher)
                if MSC_WITH_REFERENCE in state.paths and request.activates_reference:
                    with self._controller.history.pause():
                        state.active = MSC_WITH_REFERENCE
                self._request = None
                self._end(request)

        opened = state.opened
        watchers = [state.param.watch(arrived, ["paths", "error", "notice", "opened"])]
        self._sets.add(request.reference)
        with self._controller.history.pause():
            self._sets.add_up()

    def _end(self, request: LinkRequest) -> None:
        if request.faults:
            self._state.notice = f"Not understood in the link, and left out: {', '.join(request.faults)}."
        self._update()
        self._bring_back()

    def _names_open_file(self, request: LinkRequest) -> bool:
        if request.file in ("", DEMO):
            return self._controller.shows_demo
        try:
            return self._state.data.dataset.path == self._controller.place(request.file)
        except ValueError:
            return False

    def _update(self) -> None:
        # Not before the link has been followed: a reload would lose it.
        if self._request is None:
            self._address.search = query(self._state, self._controller.shows_demo)

    def _update_decisions(self) -> None:
        if self._request is None and self._state.opened is not None:
            self._address.decisions = saved_decisions.write(
                self._state.opened, *self._controller.history.steps
            )

    def __panel__(self):
        """Return what does the work, unseen."""
        return self._address

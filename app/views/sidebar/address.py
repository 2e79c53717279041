"""Keep the browser's address a link to the displayed state."""

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
from ...session.state import TABS, State
from ...session.undo import REMEMBERED
from ...widgets.throttle import Throttle
from ..base import View


class Address(pn.custom.JSComponent):
    """Invisible component that keeps the query string of the address; each tab shown is a history entry.

    It also stores the decisions in the browser tab's session storage, and returns them when the same
    address is opened again.
    """

    search = param.String(default="")
    tab = param.String(default="", doc="Key of the visible tab, which the browser sets on Back and Forward.")
    decisions = param.String(default="", doc="Decisions to store.")
    decided = param.String(default="", doc="Query string of the page with these decisions.")
    stored = param.String(default="", doc="Decisions stored before the page was loaded.")

    _esm = """
    export function render({ model }) {
      const key = "quests " + location.pathname;
      let timeout = null, tab = null;
      // Browsers limit the rate of history changes.
      const update = () => {
        timeout = null;
        const change = tab === null || tab === model.tab ? "replaceState" : "pushState";
        tab = model.tab;
        history[change]({ questsTab: tab }, "", location.pathname + model.search + location.hash);
        // If storage is full or forbidden, decisions do not outlive the page.
        const kept = { search: model.decided, decisions: model.decisions };
        try { if (kept.decisions) sessionStorage.setItem(key, JSON.stringify(kept)); } catch {}
      };
      const schedule = () => { timeout ??= setTimeout(update, 400); };
      const goBack = ({ state }) => {
        if (state?.questsTab) tab = model.tab = state.questsTab;
      };
      addEventListener("popstate", goBack);
      model.on("search", schedule);
      model.on("tab", schedule);
      model.on("decisions", schedule);
      model.on("decided", schedule);
      model.on("remove", () => {
        clearTimeout(timeout);
        removeEventListener("popstate", goBack);
      });
      try {
        const stored = JSON.parse(sessionStorage.getItem(key));
        // Another link, also a later one of the same page, takes precedence over stored decisions.
        if (stored && stored.search === location.search) model.stored = stored.decisions;
      } catch {}
      if (model.search) update();
      return document.createElement("span");
    }
    """

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)


class AddressView(View):
    """Updates the address and applies the link with which the page was opened."""

    def __init__(self, state: State, controller: Controller, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._sets, self._address = controller, sets, Address()
        self._request: LinkRequest | None = None
        self._saved: saved_decisions.Saved | None = None
        self._store = Throttle(self._update_decisions, 300)
        self._address.param.watch(lambda event: self._receive_decisions(event.new), "stored")
        self._address.param.watch(lambda event: self._go_to(event.new), "tab")
        state.param.watch(lambda *_: self._store(pn.state.curdoc), [*REMEMBERED, "opened", "tab"])
        controller.history.param.watch(lambda *_: self._store(pn.state.curdoc), ["can_undo", "can_redo"])
        self.follow(self._update, "opened", "methods", "active", "n_frames", "marks", "tab")

    def ask(self, search: str) -> None:
        """Read a link before anything is opened."""
        self._request = request = LinkRequest(search)
        # By default, the file with which the server was started.
        request.file = request.file or os.environ.get("QUESTS_FILE", "")
        self._state.param.update(**request.before())
        self._state.param.watch(lambda _: self._apply_soon(), "opened")
        self._state.param.watch(lambda event: self._fall_back(event.new), "error")

    def open(self) -> None:
        """Open the file of the link, or the demo if it names none."""
        request = self._request
        if request is None or self._state.opened is not None:
            return
        if request.file in ("", DEMO):
            self._controller.open_demo()
        else:
            # The same checks as for the path field.
            self._controller.open(request.file)

    def _fall_back(self, error: str) -> None:
        """Open the demo if the file of the link cannot be opened, and show the error."""
        if error and self._request is not None and self._state.opened is None:
            self._request = None
            self._state.parameters = Parameters()
            self._controller.open_demo()
            self._state.error = error

    def _receive_decisions(self, text: str) -> None:
        """Read the decisions stored in the browser; they are applied once their file is open."""
        self._saved = saved_decisions.read(text)
        if self._request is None:
            self._apply_soon()

    def _restore_decisions(self) -> None:
        """Restore the decisions of an earlier session if their file is open."""
        saved, opened = self._saved, self._state.opened
        if saved is None or opened is None or saved.file != opened.dataset.sha256:
            return
        if saved.parameters not in (None, opened.parameters):
            # Recompute once only; if that fails, the decisions apply to the current results.
            self._saved = replace(saved, parameters=None)
            self._controller.recompute(saved.parameters)
            return
        self._saved = None
        methods = METHODS if self._state.reference is not None else NESTED_METHODS
        with contextlib.suppress(ValueError), pn.io.hold():
            steps = saved.values(len(opened.envs), methods, opened.parameters)
            self._controller.history.restore(steps, saved.at)

    def _apply_soon(self) -> None:
        """Apply the link by a job of its own, after every view has followed the new file."""
        if (self._request or self._saved) is not None and self._state.opened is not None:
            # Not behind a long computation of another page, such as that of this page before a reload.
            self._controller.run("Following the link", lambda _: None, self._apply, self._apply, quick=True)

    def _apply(self, _=None) -> None:
        """Apply the rest of the link to the file it names."""
        request, self._request = self._request, None
        if request is None:
            self._restore_decisions()
            return
        if self._names_open_file(request):
            with self._controller.history.pause():
                self._state.param.update(**request.after(self._state))
            if request.reference:
                self._add_reference(request)
                return
        self._end(request)

    def _add_reference(self, request: LinkRequest) -> None:
        """Add the reference of the link and order by it; the address is updated afterwards."""
        state, self._request = self._state, request

        def finish(event) -> None:
            if MSC_WITH_REFERENCE in state.paths or state.error or state.notice or state.opened is not opened:
                for watcher in watchers:
                    state.param.unwatch(watcher)
                if MSC_WITH_REFERENCE in state.paths and request.activates_reference:
                    with self._controller.history.pause():
                        state.active = MSC_WITH_REFERENCE
                self._request = None
                self._end(request)

        opened = state.opened
        watchers = [state.param.watch(finish, ["paths", "error", "notice", "opened"])]
        self._sets.add(request.reference)
        with self._controller.history.pause():
            self._sets.add_up()

    def _end(self, request: LinkRequest) -> None:
        if request.faults:
            self._state.notice = f"Ignored invalid parts of the link: {', '.join(request.faults)}."
        self._update()
        self._restore_decisions()

    def _names_open_file(self, request: LinkRequest) -> bool:
        if request.file in ("", DEMO):
            return self._controller.shows_demo
        try:
            return self._state.data.source == self._controller.place_all(request.file)
        except ValueError:
            return False

    def _go_to(self, tab: str) -> None:
        if tab in TABS:
            with pn.io.hold():
                self._state.tab = tab

    def _update(self) -> None:
        # Only after the link has been applied: a reload would lose it otherwise.
        if self._request is None:
            search = query(self._state, self._controller.shows_demo)
            self._address.param.update(search=search, tab=self._state.tab)

    def _update_decisions(self) -> None:
        if self._request is None and self._state.opened is not None:
            self._address.param.update(
                decisions=saved_decisions.write(self._state.opened, *self._controller.history.steps),
                decided=query(self._state, self._controller.shows_demo),
            )

    def __panel__(self):
        """Return the invisible component."""
        return self._address

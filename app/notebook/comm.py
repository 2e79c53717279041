"""Communication of views in a notebook: loading, events and updates.

A notebook has no server: the page exchanges messages with the kernel. All resources are inlined, so that
nothing is fetched.
"""

import asyncio
import base64
import io
import json
import queue
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
from bokeh.document import Document
from bokeh.model import Model
from bokeh.models import ImportedStyleSheet, InlineStyleSheet
from bokeh.models.css import Styles, StyleSheet
from bokeh.models.ui import UIElement
from bokeh.resources import INLINE
from panel.io.model import add_to_doc, diff
from panel.io.notebook import push, replace_inline_css
from panel.io.resources import set_resource_mode
from panel.io.save import save
from pyviz_comms import Comm

from quests_core.compilation import first_time

from ..jobs.activity import Activity
from ..server.bokeh_patch import patch_current_document, patch_unsent_models
from .scripts import LoadOutput, collected, packed

_STAND_IN = Path(__file__).parents[1] / "assets" / "material.js"
_BUNDLE = Path(pmui.base.MaterialComponent._bundle)
_MATERIAL = """
globalThis.questsMaterial ??= import(URL.createObjectURL(new Blob([{source}], {{type: "text/javascript"}})));
document.fonts.add(new FontFace("Material Icons", "url(data:font/woff2;base64,{icons})"));
"""
# The rules of Material's style sheet, inlined.
_ICONS = """.material-icons { font-family: "Material Icons"; font-feature-settings: "liga"; line-height: 1;
  letter-spacing: normal; text-transform: none; white-space: nowrap; word-wrap: normal; }"""
_POLL = 0.1
# What Bokeh takes as style sheets: texts, models, and rules as dictionaries.
_Sheets = list[StyleSheet | str | dict[str, dict[str, str | None] | Styles]]
_LINK = re.compile(r"<link[^<>]*+>")


def in_notebook() -> bool:
    """Return whether this process is a notebook kernel."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def material_script() -> str:
    """Return a script that loads Material's components and icons once for all views."""
    source = json.dumps(_BUNDLE.read_text(encoding="utf-8")).replace("</", "<\\/")
    (icons,) = _BUNDLE.parent.glob("material-icons-[!o]*.woff2")
    return _MATERIAL.format(source=source, icons=base64.b64encode(icons.read_bytes()).decode())


_load_output = LoadOutput()


def load() -> None:
    """Load the resources of views into the notebook once; call before creating a view."""
    patch_current_document()
    patch_unsent_models()
    if pmui.base.MaterialComponent._bundle != _STAND_IN:
        pmui.base.MaterialComponent._bundle = _STAND_IN
        pn.config.respect_explicit_sizing = True
        for kind in (pmui.Button, pmui.IconButton):
            kind.param.stylesheets.default = [_ICONS]
    if in_notebook():
        _load_output.show(_scripts)


def _scripts() -> str:
    """Return HTML that loads the scripts of Panel and Material once in a page."""
    with collected() as scripts:
        pn.extension("tabulator", inline=True)
    return packed(*scripts, material_script(), once=uuid.uuid4().hex)


@contextmanager
def progress_line(*activities: Activity):
    """Show progress in the cell if it takes longer than a second."""
    if not in_notebook():
        yield
        return
    from IPython.display import HTML, DisplayHandle, display

    started, hint = time.monotonic(), first_time()
    line: list[DisplayHandle] = []

    def show(event, *_) -> None:
        activity = event.obj
        if time.monotonic() - started < 1:
            return
        text = f"{activity.title} · {activity.step} · {100 * activity.fraction:.0f} %. {hint}"
        if line:
            line[0].update(HTML(escape(text)))
        else:
            line.append(display(HTML(escape(text)), display_id=True))

    watchers = [(one, one.param.watch(show, ["step", "fraction"])) for one in activities]
    try:
        yield
    finally:
        for activity, watcher in watchers:
            activity.param.unwatch(watcher)
        for handle in line:
            handle.update(HTML(""))


def page(view: pn.viewable.Viewable, title: str) -> str:
    """Return a view as a self-contained HTML page."""
    document = Document()
    with pn.config.set(inline=True), set_resource_mode("inline"):
        root = view.get_root(document, Comm())
        inline_styles(root)
        add_to_doc(root, document, hold=True)
        file = io.StringIO()
        save(document, file, title=title, resources=INLINE)
    # Remove links to Panel's favicons.
    text = _LINK.sub(lambda found: "" if 'href="http' in found[0] else found[0], file.getvalue())
    return text.replace("<head>", f"<head><script>{material_script()}</script>", 1)


class Inbox:
    """Run functions from other threads in the notebook's main thread, one at a time, between cells.

    A cell that waits for a result runs them itself, since the event loop is blocked.
    """

    def __init__(self):
        self._functions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def __call__(self, function: Callable[[], None]) -> None:
        """Schedule `function`; thread-safe."""
        self._functions.put(function)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._run_all)

    def _run_all(self) -> None:
        while not self._functions.empty():
            self._functions.get()()

    def wait(self, until: Callable[[], bool]) -> None:
        """Run scheduled functions until ``until()`` is true."""
        while not until():
            try:
                self._functions.get(timeout=_POLL)()
            except queue.Empty:
                continue


class Wire:
    """Send changes to the page in order, once it has been rendered.

    Panel sends only its own changes, out of order and before the page is rendered. Documents are therefore
    not held: Panel finds nothing to send, and all changes are handled here.
    """

    def __init__(self, inbox: Inbox):
        self._inbox = inbox
        self._unsent: dict[str, list] = {}
        self._styles: dict[str, _Sheets] = {}
        self._drawn: set[str] = set()

    def listen(self, view: pn.viewable.Viewable) -> None:
        """Process messages from the page in the main thread instead of the notebook's separate one.

        Concurrent changes by a message and an arriving result would be lost.
        """
        hear = view._on_msg
        # Replaced on this view alone, since Panel offers no hook.
        view._on_msg = lambda *message: self._inbox(lambda: hear(*message))  # type: ignore[method-assign]

    def begin(self, refs: Iterable[str]) -> None:
        """Start sending changes of views that the page has rendered.

        The page opens connections earlier, but discards messages during rendering.
        """
        self._drawn.update(refs)
        self.flush()

    def connect(self, ref: str) -> None:
        """Observe the document of a displayed view with root id `ref`."""
        _, root, document, comm = pn.state._views[ref]
        self._unsent[ref] = []
        self._take_styles(root)
        document.unhold()
        # Panel calls `hold` before each change; nothing else turns it off.
        document.hold = lambda *_: None  # type: ignore[method-assign]
        document.on_change(lambda event: self._hear(ref, comm, event))

    def _hear(self, ref: str, comm: Comm, event) -> None:
        unsent = self._unsent.get(ref)
        if unsent is None or getattr(event, "setter", None) == comm.id:
            return
        unsent.append(event)
        if len(unsent) == 1:
            self._inbox(self.flush)

    def flush(self) -> None:
        """Send pending changes of all views; remove deleted views."""
        for ref in tuple(self._unsent):
            if ref not in pn.state._views:
                del self._unsent[ref]
                self._drawn.discard(ref)
            elif self._unsent[ref] and ref in self._drawn:
                self._send(ref)

    def _send(self, ref: str) -> None:
        _, root, document, comm = pn.state._views[ref]
        events, self._unsent[ref] = self._unsent[ref], []
        if any(_brings_models(event) for event in events):
            with document.models.freeze():
                inline_styles(root)
            self._take_styles(root)
        events = [event for event in events if self._is_news(event)]
        push(document, comm, msg=diff(document, events=events))

    def _take_styles(self, root: Model) -> None:
        """Record the style sheets that the page has."""
        for model in _ui_elements(root):
            self._styles.setdefault(model.id, list(model.stylesheets))

    def _is_news(self, event) -> bool:
        """Return whether an event is a change: Panel may set identical style sheets again."""
        if getattr(event, "attr", "") != "stylesheets":
            return True
        texts = _as_texts(event.new)
        known, self._styles[event.model.id] = self._styles.get(event.model.id), texts
        event.new = texts
        return texts != known


def inline_styles(root: Model) -> None:
    """Replace the URLs of Panel's style sheets by their text."""
    for model in _ui_elements(root):
        texts = _as_texts(model.stylesheets)
        if texts != model.stylesheets:
            model.stylesheets = texts


def _ui_elements(root: Model) -> Iterator[UIElement]:
    return (model for model in root.references() if isinstance(model, UIElement))


def _as_texts(sheets: _Sheets) -> _Sheets:
    sheets = [replace_inline_css(one) if isinstance(one, ImportedStyleSheet) else one for one in sheets]
    return [one.css if isinstance(one, InlineStyleSheet) else one for one in sheets]


def _brings_models(event) -> bool:
    """Return whether an event adds models."""
    new = getattr(event, "new", None)
    if getattr(event, "attr", "") == "stylesheets":
        return False
    return isinstance(new, Model) or (isinstance(new, list) and any(isinstance(one, Model) for one in new))

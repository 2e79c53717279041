"""Export the subset: downloads, a path on the server, and code that reproduces it."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from ...exports import record
from ...exports.code import command, python_code
from ...exports.subset import ORDERS, archive, subset_bytes
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import plural
from ...text.sentences import named_frames
from ...widgets.card import AS_WRITTEN, DIALOG, html
from ...widgets.code_listing import listing
from ...widgets.deferred import fill_when_visible, open_dialog
from ...widgets.download import Download
from ...widgets.fields import entered
from ..base import View
from ..frame_text import file_stem


class ExportView(View):
    """The sidebar section with the exports of the subset, and the dialog with the code."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._download_file = controller, Download()
        self._order = pmui.RadioButtonGroup(
            options=ORDERS,
            value="file",
            size="small",
            sx=AS_WRITTEN,
            sizing_mode="stretch_width",
            margin=0,
        )
        self._zip = self._download(
            "Download subset (.zip)", archive, lambda: f"{self._stem}.zip", variant="contained"
        )
        self._xyz = self._download(".xyz", subset_bytes, lambda: f"{self._stem}.xyz", variant="outlined")
        self._json = self._download(".json", _record, lambda: f"{self._stem}.json", variant="outlined")
        wide = {"size": "small", "variant": "outlined", "sizing_mode": "stretch_width", "margin": 0}
        self._code = pmui.Button(label="Show Python…", **wide)
        self._command = pmui.Button(label="Show command…", description="Show a shell command", **wide)
        self._target = pmui.TextInput(
            label="Path on the server", placeholder="/data/subset.xyz", size="small",
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._save = pmui.Button(
            label="Save", size="small", variant="outlined", width=70, margin=(0, 0, 0, 6)
        )
        self._locked, self._listing = html(margin=(4, 0, 0, 0)), html()
        self._dialog = pmui.Dialog(
            self._listing,
            title="Reproduce this subset",
            show_close_button=True,
            close_on_click=True,
            width_option="md",
            sx=DIALOG,
        )
        self._code.on_click(lambda _: self._show_code(python_code))
        self._command.on_click(lambda _: self._show_code(command))
        self._save.on_click(lambda _: self._save_on_server())
        self._section = pn.Column(*self._parts(), sizing_mode="stretch_width", margin=(6, 16, 4, 16))
        self.follow(self._update, "opened", "opening", "paths", "active", "n_frames", "marks", "reference")

    def _download(self, label: str, make, name, **options) -> pmui.Button:
        """Return a button that downloads a file made by the queue; `name` returns the file's name."""
        button = pmui.Button(
            label=label, icon="download", size="small", sizing_mode="stretch_width", margin=0, **options
        )

        def request(_) -> None:
            state = self._state
            opened, path, n_frames, order = state.opened, state.export_path, self._n_frames, self._order.value
            if path is None:
                return
            filename = name()
            state.error = ""
            self._controller.run(
                f"Making {filename}",
                lambda _: make(opened, path, n_frames, order),
                lambda data: self._download_file.send(filename, data),
                lambda error: self._controller.show_error("Could not export", error),
                quick=True,
            )

        button.on_click(request)
        return button

    @property
    def _n_frames(self) -> int:
        return int(self._state.row_of(self._state.displayed_method)["n_frames"])

    @property
    def _stem(self) -> str:
        return file_stem(self._state.data.dataset.name, self._state.displayed_method, self._n_frames)

    def _show_code(self, write=python_code) -> None:
        state = self._state
        code = write(state.opened, state.path, self._n_frames, self._order.value)
        self._listing.object = listing(code)
        open_dialog(self._dialog, self._section)

    def _save_on_server(self) -> None:
        if target := entered(self._target):
            self._controller.save(target, self._n_frames, self._order.value)

    def _update(self) -> None:
        state = self._state
        ready = state.export_path is not None
        for widget in (self._zip, self._xyz, self._json, self._code, self._command, self._save):
            widget.disabled = not ready
        if not ready:
            awaited = (
                f"{state.opening} is ready" if state.opening else f"the order of {state.active} is computed"
            )
            self._locked.object = (
                f'<div class="small">Available once {escape(awaited)}.</div>' if state.opened else ""
            )
            return
        locked = state.data.dataset.locked
        whose = "its energy" if len(locked) == 1 else "their energies"
        self._locked.object = (
            f'<div class="small">Always keeps {plural(len(locked), "isolated atom")} '
            f"({named_frames(locked)}): MACE needs {whose} as reference.</div>"
            if locked
            else ""
        )

    def __panel__(self):
        """Return the section."""
        return self._section

    def _parts(self) -> list:
        row = {"sizing_mode": "stretch_width", "margin": (6, 0, 0, 0)}
        on_server = pn.Row(**row, visible=not self._controller.allowed_paths.is_empty)
        return [
            html('<div class="section">Export</div>'),
            self._order,
            pn.Row(self._zip, **row),
            pn.Row(self._xyz, pn.Spacer(width=6), self._json, **row),
            pn.Row(self._code, pn.Spacer(width=6), self._command, **row),
            fill_when_visible(on_server, self._target, self._save),
            self._locked,
            self._download_file,
        ]


def _record(opened, path, n_frames: int, order: str) -> bytes:
    content = subset_bytes(opened, path, n_frames, order)
    # It is saved beside the file of the other button.
    file = f"{file_stem(opened.dataset.name, path.method, n_frames)}.xyz"
    return record.record_bytes(record.record(opened, path, n_frames, order, content, file))

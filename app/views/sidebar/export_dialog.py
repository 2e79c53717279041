"""The dialog with all further export options."""

import dataclasses
from html import escape

import panel as pn
import panel_material_ui as pmui

from quests_core.io.frame_keys import SOURCE

from ...analysis.analysed_dataset import check_dataset
from ...analysis.label_entropies import label_entropies
from ...exports import subset
from ...exports.bundle import INDICES, PARTS, PLOTS, REPORT, TABLES, THOROUGH, Bundle, ExportOptions, bundle
from ...exports.code import export_command
from ...exports.frame_keys import CONTENTS, NOTES
from ...exports.report_data import ReportData
from ...session.controller import Controller
from ...session.references import ReferenceSets
from ...session.state import State
from ...text.numbers import plural
from ...widgets.card import AS_WRITTEN, DIALOG, html
from ...widgets.code_listing import listing
from ...widgets.deferred import open_dialog
from ...widgets.download import Download
from ..base import View
from ..frame_text import embedding_note, file_stem

_SPLIT_NOTE = (
    "Two frames are near-duplicates if every environment of each is closer than this (in "
    "bandwidths h) to one of the other; "
    "connected near-duplicates stay on the same side. Isolated atoms always go to training."
)
_PLOTS_NOTE = (
    "Tables and plots include those of Compare if a file was added there. To save a single plot as shown, "
    "point at it and use the tools above it."
)


class ExportDialog(View):
    """Frame metadata, split, tables and report, as one archive made by the queue."""

    def __init__(self, state: State, controller: Controller, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._sets, self._download_file = controller, sets, Download()
        wide = {"size": "small", "sizing_mode": "stretch_width", "margin": 0}
        self._more = pmui.Button(label="More export options…", variant="outlined", **wide)
        self._content = pmui.RadioButtonGroup(options=CONTENTS, value=SOURCE, sx=AS_WRITTEN, **wide)
        self._note = html(margin=(4, 0, 0, 0))
        self._order = pmui.RadioButtonGroup(
            options=subset.ORDERS, value="file", size="small", sx=AS_WRITTEN, width=220, margin=(8, 0, 0, 0)
        )
        self._split = pmui.Checkbox(label="Split into training and validation", size="small", margin=0)
        self._fraction = _number("Validation / %", 10, start=1, end=90, step=1)
        self._distance = _number("Near-duplicate distance / h", 1.0, start=0.01, end=100, step=0.1, width=220)
        self._seed = _number("Seed", 0, start=0, end=2**31, step=1)
        self._numbers = pn.Row(
            self._fraction, self._distance, self._seed, margin=(6, 0, 0, 0), styles={"gap": "10px"}
        )
        self._split_note = html(f'<div class="small">{_SPLIT_NOTE}</div>', margin=(4, 0, 0, 0))
        self._parts = pmui.CheckBoxGroup(
            options=PARTS, value=[INDICES, TABLES, PLOTS, REPORT], inline=True, margin=0
        )
        self._make = pmui.Button(label="Download (.zip)", variant="contained", size="small", margin=0)
        self._command = pmui.Button(
            label="Show command…", description="Command for this archive",
            variant="outlined", size="small", margin=(0, 0, 0, 8),
        )  # fmt: skip
        self._listing = html(margin=(8, 0, 0, 0), visible=False)
        self._status = html(margin=(0, 0, 0, 12), align="center")
        self._dialog = pmui.Dialog(
            self._body(),
            title="Export",
            show_close_button=True,
            close_on_click=True,
            width_option="md",
            sx=DIALOG,
        )
        self._section = pn.Column(
            self._more, self._download_file, sizing_mode="stretch_width", margin=(0, 16, 4, 16)
        )
        self._more.on_click(lambda _: open_dialog(self._dialog, self._section))
        self._make.on_click(lambda _: self._export())
        self._command.on_click(lambda _: self._show_command())
        for choice in (self._content, self._split):
            choice.param.watch(lambda _: self._update_choices(), "value")
        for other in (self._order, self._fraction, self._distance, self._seed, self._parts):
            other.param.watch(lambda _: self._listing.param.update(visible=False), "value")
        self._update_choices()
        self.follow(self._update, "opened", "opening", "paths", "active", "n_frames", "marks", "reference")

    def _body(self) -> pn.Column:
        section = '<div class="section">{}</div>'
        gap = {"margin": (16, 0, 4, 0)}
        return pn.Column(
            html(section.format("Frame metadata")), self._content, self._note, self._order,
            html(section.format("Split"), **gap), self._split, self._numbers, self._split_note,
            html(section.format("In addition to the subset and its record (.json)"), **gap), self._parts,
            html(f'<div class="small">{_PLOTS_NOTE}</div>', margin=(12, 0, 0, 0)),
            pn.Row(
                self._make, self._command, self._status,
                sizing_mode="stretch_width", margin=(16, 0, 4, 0), align="center",
            ),
            self._listing,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    @property
    def options(self) -> ExportOptions:
        """The options chosen in the dialog."""
        return ExportOptions(
            order=self._order.value,
            content=self._content.value,
            parts=tuple(self._parts.value or ()),
            valid_fraction=self._fraction.value / 100 if self._split.value else None,
            distance=float(self._distance.value),
            seed=int(self._seed.value),
        )

    def _export(self) -> None:
        state, options = self._state, self.options
        found, marks = self._report_data(), state.marks
        opened = found.opened
        self._show_status("Exporting…")
        self._make.disabled = True

        def work(progress) -> Bundle:
            if THOROUGH.isdisjoint(options.parts):
                return bundle(found, options, progress)
            cached = self._controller.results.get
            findings = cached(opened, "health", lambda: check_dataset(opened, progress))
            entropies = cached(
                opened, ("label entropies", marks.excluded), lambda: label_entropies(opened, marks, progress)
            )
            full = dataclasses.replace(found, findings=tuple(findings), entropies=entropies)
            return bundle(full, options, progress)

        def done(made: Bundle) -> None:
            self._make.disabled = False
            self._download_file.send(f"{self._stem(found.active, found.n_frames)}.zip", made.data)
            self._state.error = ""
            self._show_status(" ".join(["Saved.", *made.notes]))

        self._controller.run("Exporting", work, done, self._failed)

    def _stem(self, method: str, n_frames: int) -> str:
        return f"{file_stem(self._state.data.dataset.name, method, n_frames)}-export"

    def _show_command(self) -> None:
        state, options, path = self._state, self.options, self._state.export_path
        if path is None:
            return
        n_frames = int(path.metrics(state.n_frames)["n_frames"])
        file = f"{self._stem(path.method, n_frames)}.zip"
        self._listing.object = listing(
            export_command(state.data, path, n_frames, options, state.methods, self._sets.chosen, file)
        )
        self._listing.visible = True

    def _report_data(self) -> ReportData:
        """Return the results computed so far."""
        sets = self._sets
        return self._state.report_data(
            embedding_note=embedding_note(self._state),
            comparison=sets.comparison,
            alone=sets.alone,
            labels=sets.labels,
            files=sets.files,
        )

    def _failed(self, error: Exception) -> None:
        self._make.disabled = False
        self._show_status(f"Could not export: {error}", is_error=True)

    def _show_status(self, text: str, is_error: bool = False) -> None:
        role = "alert" if is_error else "status"
        self._status.object = f'<div class="small" role="{role}">{escape(text)}</div>'

    def _update_choices(self) -> None:
        self._note.object = f'<div class="small">{escape(NOTES[self._content.value])}</div>'
        self._numbers.visible = self._split_note.visible = self._split.value
        self._listing.visible = False

    def _update(self) -> None:
        state = self._state
        ready = state.export_path is not None
        self._more.disabled = self._make.disabled = self._command.disabled = not ready
        self._listing.visible = False
        if ready:
            self._show_status(
                f"{plural(int(state.row_of(state.displayed_method)['n_frames']), 'frame')} "
                f"of {state.displayed_method}."
            )

    def __panel__(self):
        """Return the button, beside which the dialog is opened."""
        return self._section


def _number(label: str, value, width: int = 120, **options):
    kind = pmui.FloatInput if isinstance(value, float) else pmui.IntInput
    return kind(label=label, value=value, size="small", width=width, margin=0, **options)

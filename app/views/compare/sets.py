"""The files to compare with, and their overlap with the open one."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from ...analysis.compare import share_covered
from ...session.references import ReferenceSets
from ...session.state import State
from ...text.help import tip
from ...text.numbers import percent, plural
from ...widgets.card import DROP, card, heading, html
from ...widgets.fields import entered
from ...widgets.file_drop import FileDrop
from ..base import View

_EMPTY = (
    "Add a second file as reference to see what each file contains that the other does not. "
    "Without one, the labels of the open file are compared below."
)


class SetsView(View):
    """Add, choose and remove reference files; the overlaps with the chosen one in both directions."""

    def __init__(self, state: State, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._sets, self._following = sets, False
        self._drop = FileDrop(self._uploaded, width=260, height=60, margin=(0, 12, 0, 0), stylesheets=[DROP])
        self._path = pmui.TextInput(
            label="File path or data-set name",
            placeholder="/data/reference.xyz",
            size="small",
            width=260,
            margin=0,
        )
        self._add = pmui.Button(label="Add", size="small", variant="outlined", margin=(0, 12, 0, 6), width=70)
        self._chosen = pmui.Select(label="Reference", options={}, size="small", width=260, margin=0)
        self._remove = pmui.Button(label="Remove", size="small", variant="text", margin=(0, 6))
        self._files = pn.Row(self._chosen, self._remove, margin=0, align="center", visible=False)
        self._numbers = html(margin=(8, 0, 0, 0))
        self._add.on_click(lambda _: self._add_path())
        self._path.param.watch(lambda _: self._entered(), "enter_pressed")
        self._chosen.param.watch(lambda _: self._choose(), "value")
        self._remove.on_click(lambda _: self._remove_chosen())
        self.follow(sets.refresh, "opened", "marks")
        self.follow(self._update_files, "references", "chosen", source=sets)
        self.follow(self._update, "comparison", "chosen", source=sets)

    def _remove_chosen(self) -> None:
        if self._sets.chosen is not None:
            self._sets.remove(self._sets.chosen)

    def _entered(self) -> None:
        """Add the entered path after a delay, as the browser sends the key before the last letters."""
        if pn.state.curdoc is not None:
            pn.state.curdoc.add_timeout_callback(self._add_path, 200)

    def _add_path(self) -> None:
        if path := entered(self._path):
            self._sets.add(path, added=lambda: self._clear(path))

    def _clear(self, path: str) -> None:
        """Empty the field once its file is in the list, unless another was entered meanwhile."""
        if entered(self._path) == path:
            self._path.param.update(value="", value_input="")

    def _uploaded(self, files: dict[str, bytes | str]) -> None:
        for name, content in files.items():
            self._sets.upload(name, content)

    def _choose(self) -> None:
        if not self._following and self._chosen.value is not None:
            with pn.io.hold():
                self._sets.chosen = self._chosen.value
                self._sets.refresh()

    def _update_files(self) -> None:
        self._following = True
        try:
            names: dict[str, object] = {}
            for other in self._sets.references:
                name, number = other.name, 1
                while name in names:
                    number += 1
                    name = f"{other.name} ({number})"
                names[name] = other
            self._chosen.param.update(options=names, value=self._sets.chosen)
            self._files.visible = bool(names)
        finally:
            self._following = False

    def _update(self) -> None:
        comparison, other, opened = self._sets.comparison, self._sets.chosen, self._state.opened
        if other is None or opened is None:
            self._numbers.object = f'<div class="small">{_EMPTY}</div>'
            return
        name, mine = escape(other.name), escape(opened.dataset.name)
        n_frames, n_envs = plural(len(other.envs), "frame"), plural(other.envs.n_envs, "environment")
        lines = [f"<b>{name}</b>: {n_frames}, {n_envs}"]
        if comparison is not None:
            lines += [
                f"<b>{percent(share_covered(comparison.novelty))}</b> of {mine} is covered by {name}. "
                f"{tip('overlap')}",
                f"<b>{percent(share_covered(comparison.back))}</b> of {name} is covered by {mine}.",
            ]
        if opened.dataset.elements != other.elements:
            consequence = (
                "both use descriptors with the elements of both files"
                if opened.parameters.species
                else "the descriptor uses distances only and does not distinguish them"
            )
            lines.append(
                f"⚠ Different elements: {escape(' '.join(opened.dataset.elements))} against "
                f"{escape(' '.join(other.elements))}; {consequence}."
            )
        self._numbers.object = "".join(f'<div class="fact">{line}</div>' for line in lines)

    def __panel__(self):
        """Return the card."""
        row = pn.FlexBox(
            self._drop, pn.Row(self._path, self._add, margin=0, align="center"), self._files,
            align_items="center", gap="12px 0", sizing_mode="stretch_width", margin=(6, 0, 0, 0),
        )  # fmt: skip
        head = html(heading("Compare with other files", (), "the open file is unchanged"))
        return card(head, row, self._numbers, area="files", sizing_mode="stretch_width")

"""Choose the descriptor: distances, or one that is installed or in a file."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from ...analysis.descriptor_kinds import DescriptorKind
from ...analysis.parameters import Parameters
from ...session.controller import Controller
from ...session.descriptor_choice import DescriptorChoice
from ...session.state import State
from ...widgets.card import html
from ...widgets.fields import entered
from ..base import View

_OWN = ""
_NOTE = (
    "Replaces the descriptors of this file. The bandwidth, in their unit, is then the one at which all "
    "environments have the entropy that they have now, so that subsets can be compared."
)


class DescriptorView(View):
    """A section, closed at first; hidden where no other descriptor can be used."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._choice = DescriptorChoice(state, controller)
        self._kinds: dict[str, DescriptorKind] = {}
        options = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 0)}
        self._kind = pmui.Select(
            label="Descriptor", options={"Distances (QUESTS)": _OWN}, value=_OWN, **options
        )
        self._file = pmui.TextInput(label="File on the server", visible=False, **options)
        self._use = pmui.Button(label="Use", size="small", variant="outlined", margin=(6, 0))
        self._now, self._note = html(), html(f'<div class="small">{_NOTE}</div>')
        self._bandwidth = Parameters().bandwidth
        # Filled when it is opened: pages are built sooner, and saved ones are smaller.
        self._form = pn.Column(sizing_mode="stretch_width", margin=(0, 8))
        self._content = pmui.Accordion(
            ("Descriptor", self._form),
            active=[], title_variant="subtitle2", elevation=0, disable_gutters=True, margin=(0, 4),
            sizing_mode="stretch_width",
        )  # fmt: skip
        self._content.param.watch(lambda _: self._fill(), "active")
        self._kind.param.watch(lambda _: self._follow_kind(), "value")
        self._use.on_click(lambda _: self._ask())
        self.follow(self._update, "opened", "opening")
        self.follow(self._update, "notice", source=self._choice)

    def _fill(self) -> None:
        if self._content.active and not self._form.objects:
            self._form.objects = [self._kind, self._file, self._use, self._now, self._note]

    def _follow_kind(self) -> None:
        kind = self._kinds.get(self._kind.value)
        with pn.io.hold():
            self._file.visible = kind is not None and bool(kind.suffix)
            if kind is not None and kind.suffix:
                self._file.placeholder = f"/data/name{kind.suffix}"

    def _ask(self) -> None:
        if self._state.opened is None:
            return
        try:
            if self._kind.value == _OWN:
                self._choice.use_own(self._bandwidth)
            else:
                self._choice.use(self._kind.value, entered(self._file))
        except (ValueError, OSError) as error:
            self._state.error = f"Could not use the descriptor: {error}."

    def _update(self) -> None:
        opened = self._state.opened
        self._kinds = self._choice.kinds
        options = {"Distances (QUESTS)": _OWN, **{kind.title: name for name, kind in self._kinds.items()}}
        if self._kind.options != options:
            self._kind.options = options
        # Descriptors of a notebook come without a name, and perhaps without frames.
        is_foreign = opened is not None and bool(opened.parameters.precomputed)
        self._content.visible = bool(self._kinds) and opened is not None and bool(opened.dataset.elements)
        self._use.disabled = bool(self._state.opening)
        if opened is None:
            return
        if not is_foreign:
            # Returned to from others, in the unit of distances.
            self._bandwidth = opened.parameters.bandwidth
        name = (opened.parameters.descriptor or "an array") if is_foreign else "distances"
        notice = f" {self._choice.notice}" if is_foreign else ""
        self._now.object = f'<div class="small">Now: {escape(name)}.{escape(notice)}</div>'

    def __panel__(self):
        """Return the section."""
        return self._content

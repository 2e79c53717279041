"""Choose by element which frames may be added to a reference."""

from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui

from quests_core.io.element_filter import MATCHES, frames_with_elements, parse_elements

from ..session.references import ReferenceSets
from ..session.state import State
from ..text.numbers import plural
from ..widgets.card import html
from ..widgets.fields import entered
from .base import View

_LABELS = dict(zip(MATCHES, ("All of these", "Any of these", "Only these"), strict=True))


class ElementChoice(View):
    """A list of elements, at first those of the reference, and how the elements of a frame must match it.

    "Exclude the others" marks the frames that do not match as excluded; frames that the user locked stay.

    Parameters
    ----------
    state, tab
        See `View`.
    sets : ReferenceSets
        Holds the chosen reference.
    """

    def __init__(self, state: State, sets: ReferenceSets, tab: str = ""):
        super().__init__(state, tab)
        self._sets = sets
        small = {"size": "small", "margin": (4, 8, 0, 0)}
        self._elements = pmui.TextInput(label="Elements", placeholder="Fe,O", width=130, **small)
        self._match = pmui.Select(
            label="Match", options={_LABELS[match]: match for match in reversed(MATCHES)}, value="only",
            width=130, **small,
        )  # fmt: skip
        self._button = pmui.Button(
            label="Exclude the others", size="small", variant="outlined", margin=(4, 0), align="center",
            description="Exclude frames whose elements do not match from all subsets and metrics",
        )  # fmt: skip
        self._button.on_click(lambda _: self._exclude())
        # Never narrower than its words: in half a page it has a line of its own.
        self._note = html(margin=(0, 8), styles={"flex": "1 1 130px"})
        self._row = pn.FlexBox(
            self._elements, self._match, self._button, self._note,
            align_items="center", sizing_mode="stretch_width", margin=(2, 0),
        )  # fmt: skip
        self._elements.param.watch(lambda *_: self._changed(), ["value", "value_input"])
        self._match.param.watch(lambda _: self._changed(), "value")
        self.follow(self._fill, "chosen", source=sets)
        self.follow(self._update, "opened", "marks")

    def _fill(self) -> None:
        """Offer the elements of the reference."""
        chosen = self._sets.chosen
        text = "" if chosen is None else ",".join(chosen.elements)
        self._elements.param.update(value=text, value_input=text)
        self._update()

    def _changed(self) -> None:
        with pn.io.hold():
            self._update()

    def _others(self) -> tuple[int, ...]:
        """Return the frames to exclude; raise a ValueError if the list is no list of elements."""
        dataset, marks = self._state.data.dataset, self._state.marks
        frames, asked = dataset.frames, parse_elements(entered(self._elements))
        matching = frames_with_elements(frames, asked, self._match.value)
        # Isolated atoms are locked when a file is opened, not by the user.
        locked = set(marks.locked) - set(dataset.locked)
        kept = np.union1d(matching, [*locked, *marks.excluded])
        return tuple(np.setdiff1d(np.arange(len(frames)), kept).tolist())

    def _update(self) -> None:
        opened = self._state.opened
        # All frames of a file of one element match the same lists.
        has_choice = opened is not None and len(opened.dataset.elements) > 1
        self._row.visible = has_choice and self._sets.chosen is not None
        if not self._row.visible:
            return
        self._button.disabled = True
        try:
            others = self._others()
        except ValueError as error:
            self._note.object = f'<div class="small">{_sentence(error)}</div>'
            return
        if self._leaves_none(others):
            self._note.object = '<div class="small">No frame would be left.</div>'
            return
        self._button.disabled = not others
        text = plural(len(others), "other frame") if others else "All frames match"
        self._note.object = f'<div class="small">{text}</div>'

    def _leaves_none(self, others: tuple[int, ...]) -> bool:
        return len(others) + len(self._state.marks.excluded) == len(self._state.data.dataset.frames)

    def _exclude(self) -> None:
        try:
            others = self._others()
        except ValueError:
            return
        if others and not self._leaves_none(others):
            with pn.io.hold():
                self._state.marks = self._state.marks.exclude(others)

    def __panel__(self):
        """Return the row."""
        return self._row


def _sentence(error: ValueError) -> str:
    """Return the message of `parse_elements` as a sentence in HTML."""
    text = str(error).partition(": ")[2]
    return escape(f"{text[:1].upper()}{text[1:]}.")

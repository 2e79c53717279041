"""Choose the size of the subset, by a slider, a number or a target."""

from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from quests_core.utils.validation import check_n_to_select

from ...analysis.target import DEFAULTS, ENVS, KNEE, LOSS, OVERLAP, SIZE, Target
from ...session.state import State
from ...text.help import tip
from ...text.numbers import count, plural
from ...text.parts import known
from ...text.sentences import size_line, target_text
from ...widgets.card import html
from ..base import View

_MODES = {
    "slider": SIZE,
    "overlap ≥": OVERLAP,
    "environments ≤": ENVS,
    "information loss ≤": LOSS,
    "knee of overlap": KNEE,
}
_UNITS = {SIZE: "frames or %", OVERLAP: "%", ENVS: "environments", LOSS: "nats"}
_NARROW = {"fontSize": "13px", "padding": "8.5px 24px 8.5px 10px !important"}
# The label is for screen readers only, as the line above shows the size.
_HIDDEN_LABEL = {"& .MuiFormLabel-root, & .MuiTypography-root": {"display": "none"}}


class SizeView(View):
    """The slider that cuts the computed orders; moving it computes nothing."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._following = False
        self._line, self._target_text = html(), html(margin=(2, 0, 0, 0))
        self._slider = pmui.IntSlider(
            label="Frames kept", start=0, end=1, value=0, show_value=False, tooltips=False, size="small",
            sizing_mode="stretch_width", margin=(0, 8, 0, 8), sx=_HIDDEN_LABEL,
        )  # fmt: skip
        self._mode = pmui.Select(
            label="Set size by", options=_MODES, value=SIZE, size="small", margin=(6, 0, 0, 0),
            # The longest option fits beside the field.
            sizing_mode="stretch_width", sx={"& .MuiSelect-select": _NARROW},
        )  # fmt: skip
        self._value = pmui.TextInput(
            label=_UNITS[SIZE], value="", size="small", margin=(6, 0, 0, 6), width=116
        )
        self._slider.param.watch(self._moved, "value")
        self._mode.param.watch(lambda _: self._mode_chosen(), "value")
        self._value.param.watch(lambda _: self._value_entered(), "value")
        self.follow(self._update_bounds, "opened", "paths", "active")
        self.follow(self._update, "opened", "paths", "active", "n_frames")
        self.follow(self._update_target, "target", "paths", "active", "n_frames")

    def _moved(self, event) -> None:
        sizes, path = self._state.sizes, self._state.path
        if path is not None and event.new == path.position(self._state.n_frames):
            # The size itself stays, as the whole path may have it while a part ends before.
            return
        # Send the changes of all views as one message.
        with pn.io.hold():
            self._state.n_frames = int(sizes[min(event.new, len(sizes) - 1)])

    def _mode_chosen(self) -> None:
        if not self._following:
            with pn.io.hold():
                self._state.target = Target(self._mode.value, self._default(self._mode.value))

    def _default(self, mode: str) -> float:
        opened = self._state.opened
        if mode == ENVS and opened is not None and opened.envs.n_envs <= DEFAULTS[ENVS]:
            return float(round(opened.envs.n_envs / 4))
        return DEFAULTS.get(mode, 0.0)

    def _value_entered(self) -> None:
        if self._following or not self._value.visible:
            return
        state, mode, text = self._state, self._mode.value, self._value.value.strip()
        if mode == SIZE and not text:
            # Emptied by `_update_target`, or by the user.
            self._update_target()
            return
        try:
            if mode == SIZE:
                found: dict[str, object] = {"n_frames": self._entered_size(text)}
            else:
                number = float(text.rstrip("%").replace(",", ""))
                found = {"target": Target(mode, number / 100 if mode == OVERLAP else number)}
        except (ValueError, OverflowError):
            self._value.error_state = True
            self._target_text.object = (
                f'<div class="small warn" role="alert">Expected {self._expected(mode)}, '
                f"got {escape(repr(text[:40]))}.</div>"
            )
            return
        with pn.io.hold():
            state.param.update(**found)
            # The size may be the current one.
            self._update_target()

    def _entered_size(self, text: str) -> int:
        """Return the number of frames of a count or a percentage; raise a ValueError if it is impossible."""
        sizes = self._possible_sizes()
        if text.endswith("%"):
            return max(sizes[0], check_n_to_select(float(text.removesuffix("%")) / 100, sizes[1]))
        n_frames = int(text.replace(",", ""))
        if not sizes[0] <= n_frames <= sizes[1]:
            raise ValueError(text)
        return n_frames

    def _possible_sizes(self) -> tuple[int, int]:
        """Return the smallest and the largest possible size."""
        path = self._state.path
        return (1, 1) if path is None else (int(path.all_sizes[0]), int(path.all_sizes[-1]))

    def _expected(self, mode: str) -> str:
        if mode != SIZE:
            return f"a number of at least 0 ({_UNITS[mode]})"
        first, last = self._possible_sizes()
        return f"a whole number from {count(first)} to {count(last)}, or a share such as 12.5 %"

    def _update_target(self) -> None:
        """Set the widgets from the state, ignoring the events that this causes."""
        target, self._following = self._state.target, True
        try:
            shown = 100 * target.value if target.mode == OVERLAP else target.value
            # The line above shows the size. In the field, a browser might write back one that a slider has
            # left behind, which looks as if it had been entered.
            text = "" if target.mode == SIZE else f"{shown:.10g}"
            self._mode.value = target.mode
            self._value.param.update(
                visible=target.mode in _UNITS, label=_UNITS.get(target.mode, ""), value=text,
                value_input=text, error_state=False,
            )  # fmt: skip
        finally:
            self._following = False
        self._update_target_text()

    def _update_target_text(self) -> None:
        state = self._state
        if state.target.mode == SIZE or state.path is None:
            self._target_text.object = ""
            return
        position, name = state.target.position(state.path.curve), escape(state.displayed_method)
        if not state.path.is_whole:
            text = f"The target is applied once the whole order of {name} is computed."
        elif position is None:
            text = f"⚠ No {name} subset has {target_text(state.target)}; the size is unchanged."
        elif state.target.mode == KNEE:
            text = f"The knee of {name}: {plural(state.n_frames, 'frame')}. {tip('knee', 'left')}"
        else:
            which = "Largest" if state.target.mode == ENVS else "Smallest"
            text = f"{which} {name} subset with {target_text(state.target)}."
        self._target_text.object = f'<div class="small">{text}</div>'

    def _update_bounds(self) -> None:
        last = len(self._state.sizes) - 1
        if self._slider.end != max(1, last):
            with param.parameterized.discard_events(self._slider):
                self._slider.value = 0
            self._slider.end = max(1, last)
        self._slider.disabled = last < 1

    def _update(self) -> None:
        state = self._state
        if state.path is None or state.opened is None:
            return
        self._slider.value = state.path.position(state.n_frames)
        row = state.row_of(state.displayed_method)
        line = size_line(row, state.path.full_set_metrics)
        if not state.path.is_whole:
            line += f"<br>Only {escape(known({state.path.method: state.path}))} is known so far."
        self._line.object = f'<div class="size">{line}</div>'

    def __panel__(self):
        """Return the section."""
        return pn.Column(
            html('<div class="section">Subset size</div>'),
            self._line,
            self._slider,
            pn.Row(self._mode, self._value, sizing_mode="stretch_width", margin=0),
            self._target_text,
            sizing_mode="stretch_width", margin=(6, 16, 4, 16), css_classes=["over"],
        )  # fmt: skip

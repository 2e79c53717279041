"""The parameters of the analysis; changing them recomputes everything."""

import math
from collections.abc import Iterable
from dataclasses import replace
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...analysis.bandwidth import HIGHEST, LOWEST, EntropyCurve, entropy_curve, suggestion
from ...analysis.parameters import BANDWIDTH, CUTOFF, K, Parameters
from ...plots.base import clear, set_range
from ...plots.figures import bandwidth_figure
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import count, nats
from ...widgets.card import AS_WRITTEN, html
from ...widgets.deferred import fill_when_visible
from ...widgets.fields import entered
from ..base import View

_NOTES = {
    False: "Uses distances only: elements are not distinguished.",
    True: "Adds a block for each element to the descriptor, so elements are distinguished (slower).",
}

_MEANING = {
    "k": "Nearest neighbours in a descriptor, which has 2k − 1 numbers; {descriptors}.",
    "cutoff": "Distance up to which atoms are neighbours; {descriptors}.",
    "bandwidth": "Width of the Gaussian kernel by which environments are compared; a change keeps the "
    "descriptors and recomputes only kernel sums.",
}
_NUMBERS = {
    "k": (int, "an integer from 2 to 1,000", K),
    "cutoff": (float, "a length above 0 and up to 20 Å", CUTOFF),
    "bandwidth": (float, "a number from 1e-12 to 1e12", BANDWIDTH),
}
_KEYS = {
    "energy_key": "Energy key",
    "forces_key": "Forces key",
    "label_key": "Label key",
}


class SettingsView(View):
    """A section, closed at first, with k, cutoff, elements, bandwidth and the names of labels.

    While it is open, it plots entropy against bandwidth for a sample, to judge a bandwidth before
    recomputing. Changes stay, marked as not applied, until they are recomputed with or discarded.
    """

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller, self._applied = controller, state.parameters
        options = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 0)}
        self._k = pmui.TextInput(label="Neighbours k", **options)
        self._cutoff = pmui.TextInput(label="Cutoff / Å", **options)
        self._species = pmui.RadioButtonGroup(
            options={"Distances only": False, "With elements": True}, value=False, size="small",
            sx=AS_WRITTEN, sizing_mode="stretch_width", margin=(6, 0, 2, 0),
        )  # fmt: skip
        self._note = html(margin=(0, 0, 6, 0))
        self._meaning = {name: html(margin=(0, 0, 4, 0)) for name in _MEANING}
        self._bandwidth = pmui.TextInput(label="Bandwidth h / Å⁻¹", **options)
        # The slider is logarithmic.
        self._slider = pmui.FloatSlider(
            label="log₁₀ of the bandwidth", start=math.log10(LOWEST), end=math.log10(HIGHEST), step=0.01,
            show_value=False, tooltips=False, size="small", sizing_mode="stretch_width", margin=(0, 8),
            sx={"& .MuiFormLabel-root, & .MuiTypography-root": {"display": "none"}},
        )  # fmt: skip
        self._suggest = pmui.Button(
            label="Suggest from the volume per atom", size="small", variant="text", margin=(0, 0, 4, 0)
        )
        self._keys = {
            name: pmui.TextInput(label=label, placeholder="detected automatically", **options)
            for name, label in _KEYS.items()
        }
        self._why, self._live = html(), html()
        self._apply = pmui.Button(label="Recompute", size="small", variant="outlined", margin=(6, 0))
        self._changes = html()
        self._discard = pmui.Button(label="Discard", size="small", variant="text", margin=0, width=80)
        unapplied = pn.Row(visible=False, sizing_mode="stretch_width", margin=(0, 16, 8, 16), align="center")
        self._unapplied = fill_when_visible(unapplied, self._changes, self._discard)
        self._plot = bandwidth_figure()
        self._curve: EntropyCurve | None = None
        # Both are filled when the section is first opened: pages are built sooner.
        self._form = pn.Column(sizing_mode="stretch_width", margin=(0, 8))
        self._chart = pn.Column(sizing_mode="stretch_width", margin=0)
        self._content = pmui.Accordion(
            ("Settings", self._form), active=[], title_variant="subtitle2", elevation=0,
            disable_gutters=True, margin=(0, 4), sizing_mode="stretch_width",
        )  # fmt: skip
        self._sha256 = ""
        self._show_parameters()
        self._watch()
        self.follow(self._update, "parameters", "opened")

    def _fill(self) -> None:
        if self._content.active and not self._form.objects:
            self._form.objects = [
                self._k, self._meaning["k"], self._cutoff, self._meaning["cutoff"], self._species, self._note,
                self._bandwidth, self._meaning["bandwidth"], self._slider, self._live, self._chart,
                self._suggest, self._why, *self._keys.values(), self._apply,
            ]  # fmt: skip

    def _watch(self) -> None:
        self._apply.on_click(lambda _: self._recompute())
        self._suggest.on_click(lambda _: self._take_suggestion())
        self._discard.on_click(lambda _: self._show_parameters())
        self._species.param.watch(lambda _: self._update_note(), "value")
        for field in self._fields.values():
            names = ["value"] if field is self._species else ["value", "value_input"]
            field.param.watch(lambda *_: self._show_changes(), names)
        self._slider.param.watch(self._slid, "value")
        self._bandwidth.param.watch(lambda _: self._show_bandwidth(), "value_input")
        self._content.param.watch(lambda _: self._fill(), "active")
        self._content.param.watch(lambda _: self._compute_curve(), "active")

    def _recompute(self) -> None:
        try:
            parameters = self._entered_parameters()
        except ValueError as error:
            self._state.error = str(error)
        else:
            self._controller.recompute(parameters)

    def _entered_parameters(self) -> Parameters:
        """Return the parameters in the fields; another bandwidth alone keeps descriptors from elsewhere."""
        values = {name: self._entered(name) for name in self._fields}
        kept = replace(self._applied, **values)
        is_kept = replace(kept, bandwidth=self._applied.bandwidth) == self._applied
        return kept if is_kept else Parameters(**values)

    @property
    def _fields(self) -> dict[str, Any]:
        """The field of each parameter."""
        numbers = {"k": self._k, "cutoff": self._cutoff, "bandwidth": self._bandwidth}
        return {**numbers, "species": self._species, **self._keys}

    def _entered(self, name: str):
        """Return the value in the field of a parameter; raise a ValueError if it is invalid."""
        field = self._fields[name]
        if name in _NUMBERS:
            return _number(field, *_NUMBERS[name])
        return field.value if field is self._species else entered(field)

    def _is_changed(self, name: str) -> bool:
        """Return whether a field differs from the applied parameter."""
        try:
            return self._entered(name) != getattr(self._applied, name)
        except ValueError:
            return True

    def _show_changes(self) -> None:
        """Mark the settings that are entered, but not applied."""
        changed = [name for name in self._fields if self._is_changed(name)]
        labels = [
            "elements" if name == "species" else self._fields[name].label.split(" / ")[0] for name in changed
        ]
        with pn.io.hold():
            self._unapplied.visible = bool(changed) and self._state.opened is not None
            self._apply.variant = "contained" if self._unapplied.visible else "outlined"
            self._changes.object = f'<div class="small">⚠ Not applied: {escape(", ".join(labels))}</div>'

    def _show_parameters(self, names: Iterable[str] | None = None) -> None:
        """Show the applied value of the parameters `names`, by default of all."""
        for name in self._fields if names is None else names:
            value = getattr(self._applied, name)
            self._fields[name].value = _exact(value) if name in _NUMBERS else value
        self._show_bandwidth()
        self._show_changes()

    def _slid(self, event) -> None:
        # The text field is more precise: keep its value if the slider only rounds it.
        current = self._entered_bandwidth()
        if current is None or abs(math.log10(_on_slider(current)) - event.new) > 0.006:
            self._bandwidth.value = f"{10**event.new:.3g}"
            self._show_bandwidth()

    def _entered_bandwidth(self) -> float | None:
        """Return the bandwidth in the text field, None if it is invalid."""
        try:
            return _number(self._bandwidth, float, "", BANDWIDTH)
        except ValueError:
            return None

    def _take_suggestion(self) -> None:
        if self._state.opened is None:
            return
        bandwidth, why = suggestion(self._state.opened.dataset)
        self._why.object = f'<div class="small">{escape(why)}</div>'
        if bandwidth is not None:
            self._bandwidth.value = f"{bandwidth:.3g}"
            self._show_bandwidth()

    def _show_bandwidth(self) -> None:
        """Show the entered bandwidth on the slider and in the plot, with its entropy and a warning."""
        # Held, as Panel may call without the document's lock: see `View.follow`.
        with pn.io.hold():
            self._update_bandwidth()

    def _update_bandwidth(self) -> None:
        bandwidth, curve = self._entered_bandwidth(), self._curve
        if bandwidth is not None:
            clipped = _on_slider(bandwidth)
            self._slider.value = round(math.log10(clipped), 2)
            self._plot.part("Current").location = clipped
        if bandwidth is None or curve is None:
            self._live.object = ""
            return
        sample = (
            f"a random sample of {count(curve.n_sample)} of {count(curve.n_envs)}"
            if curve.n_sample < curve.n_envs
            else f"all {count(curve.n_envs)}"
        )
        warning = curve.warning(bandwidth)
        self._live.object = (
            f'<div class="small">H ≈ <b>{nats(curve.at(bandwidth), 2)}</b> nats of ln n = '
            f"{nats(curve.bound, 2)}, for {sample} environments."
            f"{f' <b>⚠ {warning}</b>' if warning else ''}</div>"
        )

    def _compute_curve(self) -> None:
        """Compute and plot entropy against bandwidth if the section is open."""
        opened = self._state.opened
        if opened is None or not self._content.active or self._curve is not None:
            return
        X = opened.envs.X

        def done(curve: EntropyCurve) -> None:
            self._curve = curve
            self._plot.sources["Entropy", ""].data = {
                "bandwidth": curve.bandwidths,
                "entropy": curve.entropies,
            }
            self._plot.part("Bound").location = curve.bound
            set_range(self._plot.figure.y_range, 0, 1.08 * max(curve.bound, 0.1))
            if not len(self._chart):
                figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_width", height=170, margin=0)
                self._chart.append(figure)
            self._show_bandwidth()

        self._controller.compute(
            "Entropy against bandwidth", "entropy curve", lambda progress: entropy_curve(X, progress), done
        )

    def _update_meaning(self) -> None:
        """Say what each number means, and what a change of it costs for the open file."""
        opened, cost = self._state.opened, "a change recomputes the descriptors"
        if opened is not None and opened.seconds is not None:
            cost += f" ({_seconds(opened.seconds)} for this file)"
        for name, text in _MEANING.items():
            self._meaning[name].object = f'<div class="small">{text.format(descriptors=cost)}</div>'

    def _update_note(self) -> None:
        self._note.object = f'<div class="small">{_NOTES[self._species.value]}</div>'

    def _update(self) -> None:
        opened = self._state.opened
        sha256 = "" if opened is None else opened.dataset.sha256
        unchanged = [name for name in self._fields if not self._is_changed(name)]
        if sha256 != self._sha256:
            # Keys belong to one file.
            unchanged = list(dict.fromkeys([*unchanged, *self._keys]))
        self._applied, self._sha256 = self._state.parameters, sha256
        self._show_parameters(unchanged)
        self._update_note()
        self._update_meaning()
        self._curve, self._why.object = None, ""
        clear(self._plot.sources["Entropy", ""])
        self._show_bandwidth()
        self._compute_curve()

    def __panel__(self):
        """Return the section, and the changes that are not applied."""
        return pn.Column(self._content, self._unapplied, sizing_mode="stretch_width", margin=0)


def _on_slider(bandwidth: float) -> float:
    """Return the bandwidth, or the end of the slider that is nearest to it."""
    return min(max(bandwidth, LOWEST), HIGHEST)


def _exact(value: float) -> str:
    """Return the shortest usual form of a number that is read back as the same number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _seconds(seconds: float) -> str:
    """Return a time as measured, in seconds or minutes."""
    if seconds < 1:
        return "less than a second"
    return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"


def _number(field: pmui.TextInput, kind: type, expected: str, bounds: tuple[float, float]):
    """Return the number in a field; raise a ValueError with a message for the user."""
    text = entered(field).replace(",", ".")
    try:
        value = kind(text)
        if bounds[0] <= value <= bounds[1]:
            return value
    except ValueError:
        pass
    raise ValueError(f"{field.label}: expected {expected}, got {text[:40]!r}.")

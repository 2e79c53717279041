"""The summary of the data set and of the active subset."""

import math
from html import escape

from quests_core.information.comparison import comparison_sentence

from ...analysis.lost import outlier_warning
from ...analysis.methods import MSC_WITH_REFERENCE
from ...session.state import State
from ...text.help import tip
from ...text.numbers import count, nats, percent, plural, unbroken
from ...text.sentences import caution, label_counts, verdict
from ...widgets.card import card, html
from ..base import View


class SummaryView(View):
    """The card above the plots."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._facts, self._verdict = html(), html()
        self._card = card(self._facts, self._verdict, area="auto", css=("over",), sizing_mode="stretch_width")
        self.follow(self._update_facts, "opened", "paths", "entropy_estimate")
        self.follow(self._update_staleness, "opening")
        self.follow(self._update_verdict, "paths", "methods", "active", "n_frames", "reference")

    def _update_staleness(self) -> None:
        self._card.css_classes = ["card", "over", *["stale"] * bool(self._state.opening)]

    def _update_facts(self) -> None:
        state = self._state
        self._card.visible = state.opened is not None
        if state.opened is None or not state.paths:
            return
        dataset, full = state.opened.dataset, state.full_set_metrics
        n_frames, n_envs, entropy = int(full["n_frames"]), int(full["n_envs"]), full["entropy"]
        bound, n_excluded = math.log(n_envs), len(dataset.frames) - n_frames
        excluded = f" <small>{count(n_excluded)} excluded</small>" if n_excluded else ""
        uncertain = ""
        if math.isnan(entropy) and (estimate := state.entropy_estimate) is not None:
            entropy = estimate.entropy
            interval = f"estimated from {count(estimate.n_samples)} environments; 95 % confidence interval"
            half = nats(0.5 * (estimate.high - estimate.low), 2)
            uncertain = f' <small class="estimate" title="{interval}">± {half} (estimate)</small>'
        per_environment = math.exp(bound - entropy)
        copies, is_known = "", not math.isnan(entropy)
        if is_known:
            copies = f"{per_environment:.1f}" if per_environment < 10 else count(round(per_environment))
        filled = 100 * entropy / bound if bound else 0
        tiles = (
            _tile("Frames", f"{count(n_frames)}{excluded}"),
            _tile("Environments N", count(n_envs)),
            _tile(
                f"Entropy H {tip('entropy', 'left')}",
                f"{nats(entropy, 2) if is_known else '…'}{uncertain} "
                f"<small>of ln N = {nats(bound, 2)} nats</small>",
                filled if is_known else None,
            ),
            _tile(
                f"Redundancy {tip('redundancy', 'left')}",
                f"{nats(bound - entropy, 2)}{uncertain} <small>nats, ≈ {copies} copies each</small>"
                if is_known
                else "… <small>nats</small>",
            ),
        )
        name = escape(dataset.name)
        # Of the same frames as the numbers, also while another selection of marks is computed.
        left_out = set((state.path or next(iter(state.paths.values()))).marks.excluded)
        labels = [label for frame, label in enumerate(dataset.labels) if frame not in left_out]
        parameters = state.opened.parameters
        species = None if parameters.precomputed else parameters.species
        self._facts.object = (
            f'<div class="summary"><div class="what"><div class="name" title="{name}">{name}</div>'
            f"{_facts(dataset, labels, species)}</div>{''.join(tiles)}</div>"
        )

    def _update_verdict(self) -> None:
        state = self._state
        if state.displayed_method not in state.shown:
            self._verdict.object = ""
            return
        row = state.row_of(state.displayed_method)
        reference = (
            state.reference.name if state.displayed_method == MSC_WITH_REFERENCE and state.reference else ""
        )
        lost = 1 - row["overlap"]
        more = (
            f"{percent(lost)} are not covered. Information loss: {nats(row['information_loss'], 2)} nats; "
            f"largest δH: {nats(row['max_delta_entropy'], 1)} nats."
            if lost
            else "Nothing is lost."
        )
        if state.displayed_method != "random" and "random" in state.at_size:
            more += f" {_random(state.displayed_method, row, state.row_of('random'))}"
        if state.displayed_method not in ("msc", MSC_WITH_REFERENCE) and "msc" in state.at_size:
            more += " " + comparison_sentence(state.displayed_method, row, "msc", state.row_of("msc"))
        sentence = verdict(state.displayed_method, row, reference)
        text = f'{sentence} <span class="more">{more}</span>{self._caution()}'
        self._verdict.object = f'<div class="verdict">{unbroken(text)}</div>'

    def _caution(self) -> str:
        state = self._state
        warning = outlier_warning(state.at_size, state.displayed_method, state.n_frames)
        if warning is None:
            return ""
        text = caution(state.displayed_method, warning)
        return f' <span class="caution" role="note">{text} {tip("far", "left")}</span>'

    def __panel__(self):
        """Return the card."""
        return self._card


def _random(method: str, row: dict[str, float], random: dict[str, float]) -> str:
    """Return how `random` compares, and where it covers more, the method that covers most."""
    beyond = f"with δH up to {nats(random['max_delta_entropy'], 1)} nats"
    if random["overlap"] <= row["overlap"]:
        return f"By comparison, random covers {percent(random['overlap'])}, {beyond}."
    hint = "" if method == "coverage" else "; to cover most, use the method coverage"
    return f"By comparison, random covers more, {percent(random['overlap'])}, {beyond}{hint}."


def _facts(dataset, labels: list[str], species: bool | None) -> str:
    elements = f"element {escape(' '.join(dataset.elements))}"
    if len(dataset.elements) > 1:
        # First, as a long list is cut off. The default descriptor holds distances only.
        told = {True: " (distinguished)", False: " (not distinguished)", None: ""}[species]
        elements = f"{plural(len(dataset.elements), 'element')}{told}: {escape(' '.join(dataset.elements))}"
    parts = [elements, f"labels: {label_counts(labels)}"]
    if dataset.locked:
        parts.insert(1, f"{plural(len(dataset.locked), 'isolated atom')} locked")
    text = " · ".join(parts)
    return f'<div class="facts" title="{text}">{text}</div>'


def _tile(name: str, value: str, filled: float | None = None) -> str:
    bar = f'<div class="bar"><div style="width:{filled:.0f}%"></div></div>' if filled is not None else ""
    return f'<div class="tile"><div class="name">{name}</div><div class="value">{value}</div>{bar}</div>'

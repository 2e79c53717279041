"""The metrics at the current size, for each method and the full set."""

import math

import panel as pn

from ...analysis.methods import METHOD_INFO
from ...plots.palettes import FULL_COLOR
from ...session.state import State
from ...text.help import glossary, tip
from ...text.numbers import count, nats, percent
from ...widgets.card import card, heading, html
from ..base import View

_COLUMNS = (
    ("Frames", "", None),
    ("Environments", "", None),
    ("Entropy", "nats", "entropy"),
    ("Diversity", "nats", "diversity"),
    ("Overlap", "", "overlap"),
    ("Information loss", "nats", "loss"),
    ("Max δH", "nats", "delta"),
)


class TableView(View):
    """One row per method; the active one is highlighted."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._table = html()
        self.follow(self._update, "opened", "paths", "methods", "active", "n_frames")

    def _update(self) -> None:
        state = self._state
        if not state.shown:
            return
        rows = [
            _row(m, METHOD_INFO[m].color, state.row_of(m), m == state.displayed_method) for m in state.at_size
        ]
        rows.append(_row("full set", FULL_COLOR, state.full_set_metrics, False))
        self._table.object = (
            f'<div class="wide"><table class="numbers"><thead><tr><th>Set</th>{_head()}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )

    def __panel__(self):
        """Return the card."""
        head = html(heading("Numbers at this size"))
        numbers = pn.Column(self._table, html(glossary()), margin=(6, 0, 0, 0), sizing_mode="stretch_width")
        return card(head, numbers, area="table", css=("tall",), sizing_mode="stretch_width")


def _head() -> str:
    cells = []
    for name, unit, topic in _COLUMNS:
        help_mark = f" {tip(topic, 'left')}" if topic else ""
        cells.append(f"<th>{name}{help_mark}<small>{unit or '&nbsp;'}</small></th>")
    return "".join(cells)


def _known(value: float, decimals: int) -> str:
    # Of the full set, they are unknown until the first order is whole.
    return "…" if math.isnan(value) else nats(value, decimals)


def _row(name: str, color: str, row: dict[str, float], active: bool) -> str:
    cells = (
        count(row["n_frames"]),
        count(row["n_envs"]),
        _known(row["entropy"], 3),
        _known(row["diversity"], 3),
        percent(row["overlap"]),
        nats(row["information_loss"]),
        _known(row["max_delta_entropy"], 2),
    )
    return (
        f"<tr{' class=active' if active else ''}>"
        f"<td><span class=swatch style='background:{color}'></span>{name}</td>"
        f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    )

"""The columns that the table of frames can show, and which it shows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from ..analysis.filter_evaluation import FUNCTIONS
from ..analysis.frame_columns import FORCE_RMSE, MEANING, FrameColumns, FrameFacts
from ..widgets.browser_store import BrowserStore
from ..widgets.tables import GENERAL

SHOWN = (
    "frame", "rank", "label", "formula", "n_atoms", "energy_per_atom", "max_force", "max_delta_entropy",
    "state",
)  # fmt: skip
OF_SUBSET = ("rank", "max_delta_entropy", "state")
# Of more, the list of columns and the table would be slow.
MOST_OFFERED, MOST_SHOWN = 300, 30
_TRUTH = {True: "yes", False: "no"}


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    name : str
        Its name in filters.
    field : str
        Its name in the table. Names from files are not used there: a dot or "index" has a meaning of its own.
    title : str
        Its heading.
    width : int
        Minimum width in pixels, narrow enough to leave room for the label at 1280 pixels.
    decimals : int or None
        Decimals of numbers, `GENERAL` for a number of any size, None for texts.
    """

    name: str
    field: str
    title: str
    width: int
    decimals: int | None = None


_OWN = [
    Column("frame", "frame", "Frame", 68, 0),
    Column("rank", "rank", "Rank", 66, 0),
    Column("label", "label", "Label", 110),
    Column("formula", "formula", "Formula", 100),
    Column("n_atoms", "n_atoms", "Atoms", 68, 0),
    Column("energy_per_atom", "energy_per_atom", "Energy / eV atom⁻¹", 146, 4),
    Column("max_force", "max_force", "Max |F| / eV Å⁻¹", 118, 3),
    Column("max_delta_entropy", "max_delta_entropy", "Max δH / nats", 114, 2),
    Column("state", "state", "State", 82),
    Column("energy", "energy", "Energy / eV", 110, 4),
]
OWN = {column.name: column for column in _OWN}


def offered(facts: FrameFacts) -> dict[str, Column]:
    """Return the columns that a file has, by name: the dashboard's, then those of its info and arrays."""
    found = dict(OWN)
    names = [name for name in (*facts.info, *facts.per_atom) if name not in found]
    for i, name in enumerate(names[:MOST_OFFERED]):
        values = facts.per_atom.get(name, facts.columns.get(name))
        if isinstance(values, np.ndarray):
            decimals = None if values.dtype == object else GENERAL
            found[name] = Column(name, f"own{i}", name[:60], min(70 + 7 * len(name), 180), decimals)
    return found


def shown_first(facts: FrameFacts) -> list[str]:
    """Return the names of the columns to show first.

    These include the source where frames come from several files, and the error of the first predictions.
    """
    source = facts.columns.get("source") if "source" in facts.info else None
    several = isinstance(source, np.ndarray) and len(set(source.tolist())) > 1
    predicted = [name for name in facts.info if name.startswith(FORCE_RMSE)]
    return [*SHOWN, *["source"] * several, *predicted[:1]]


def frame_rows(columns: FrameColumns | None, shown: list[Column], n_rows: int) -> pd.DataFrame:
    """Return the rows of the table; those that depend on the subset may still be missing."""
    return pd.DataFrame(
        {column.field: _cells(columns, column, n_rows) for column in shown}, index=range(n_rows)
    )


def _cells(columns: FrameColumns | None, column: Column, n_rows: int):
    is_text = column.decimals is None
    try:
        values = columns[column.name] if columns is not None and n_rows else None
    except KeyError:
        # It depends on the subset, which is not known yet.
        values = None
    if not isinstance(values, np.ndarray):
        return np.full(n_rows, "", dtype=object) if is_text else np.full(n_rows, np.nan)
    return (
        [_TRUTH[value] if isinstance(value, bool) else value or "" for value in values] if is_text else values
    )


class ColumnChoice:
    """The choice of columns: of all files in a session, and kept in the browser tab.

    Parameters
    ----------
    changed : callable
        Called when the user has chosen other columns.
    """

    def __init__(self, changed: Callable[[], None]):
        self._changed, self._is_muted = changed, False
        self._offered, self._first = dict(OWN), list(SHOWN)
        # Names chosen by the user, also of columns that the open file lacks; None before a choice.
        self._chosen: list[str] | None = None
        # As high as the small text fields beside it.
        self.widget = pmui.MultiChoice(
            label="Columns", width=122, margin=(6, 8, 0, 0), chip=False, searchable=True,
            sx={"& .MuiSelect-select": {"padding": "8.5px 14px !important", "minHeight": "0 !important"}},
        )  # fmt: skip
        self.store = BrowserStore(key="columns of frames")
        self.widget.param.watch(lambda event: self._choose(event.new), "value")
        self.store.param.watch(lambda _: self._choose(self.store.valid() or self._names), "kept")
        self._show()

    @property
    def shown(self) -> list[Column]:
        """The columns to show, always with the number of the frame."""
        wanted = {"frame", *(self._first if self._chosen is None else self._chosen)}
        return [column for name, column in self._offered.items() if name in wanted]

    @property
    def layout(self) -> tuple[dict[str, str], dict[str, int], dict[str, int]]:
        """Titles, decimals and widths of the columns to show."""
        return (
            {column.field: column.title for column in self.shown},
            {column.field: column.decimals for column in self.shown if column.decimals is not None},
            {column.field: column.width for column in self.shown},
        )

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self.shown]

    def offer(self, facts: FrameFacts) -> None:
        """Offer the columns of a file."""
        self._offered, self._first = offered(facts), shown_first(facts)
        self._show()

    def _choose(self, names: list[str]) -> None:
        if self._is_muted or names == self._names:
            return
        absent = [name for name in self._chosen or names if name not in self._offered]
        known = [name for name in self._offered if name in names]
        self._chosen = [*known, *absent][:MOST_SHOWN]
        with pn.io.hold():
            self.store.texts = self._chosen
            self._show()
            self._changed()

    def _show(self) -> None:
        """Show the choice in the list."""
        self._is_muted = True
        self.widget.param.update(
            options={column.title: name for name, column in self._offered.items()},
            value=self._names,
            value_label=f"{len(self.shown)} of {len(self._offered)}",
        )
        self._is_muted = False


def names_in_filters(columns) -> dict[str, str]:
    """Return the names available in a filter and their meanings."""
    names = dict(MEANING)
    others = [name for name in columns if name not in MEANING and name not in ("config_type", "status")]
    if others:
        names["of this file"] = ", ".join(others[:60]) + (", …" if len(others) > 60 else "")
    names["functions"] = ", ".join(FUNCTIONS)
    names["operators"] = '== != < <= > >= + - * / and or not, in ("a", "b"); missing values never match'
    return names

"""Tables of many rows in the page's style: one page of them is in the browser at a time."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import panel as pn
from bokeh.models.widgets.tables import NumberFormatter, StringFormatter

from .card import CSS

_ASSETS = Path(__file__).parents[1] / "assets"
_CSS = (_ASSETS / "table.css").read_text(encoding="utf-8")
MISSING = "–"


# What one share of the spare width is reckoned in, in pixels of a column's least width.
_SHARE = 20
_BUTTON = 96
# Of a table's properties those that the page changes; filters, editing, other sizes of pages it has not.
_FROM_CLIENT = ("indices", "page", "sorters")


class _Table(pn.widgets.Tabulator):
    """A table whose columns share the spare width in proportion to their least widths.

    Panel knows fixed widths only, with which the one column without takes all the width of a large screen.
    """

    def __init__(self, *args, least_widths: dict[str, int], **params):
        self._least_widths = least_widths
        super().__init__(*args, **params)

    def _process_events(self, events):
        # A client may change whatever the model has: only what the page itself lets it change is taken.
        taken = {name: value for name, value in events.items() if name in _FROM_CLIENT}
        if "sorters" in taken:
            taken["sorters"] = self._known_sorters(taken["sorters"])
        if not _is_page(taken.get("page", 1), self.param.page.bounds):
            del taken["page"]
        if not self._are_rows(taken.get("indices", [])):
            del taken["indices"]
        if taken:
            super()._process_events(taken)

    def _process_event(self, event) -> None:
        # Nothing is edited here, and a page holds so many rows.
        rows = event.indices if event.event_name == "selection-change" else [getattr(event, "row", None)]
        if event.event_name in ("cell-click", "selection-change") and self._are_rows(rows):
            super()._process_event(event)

    def _known_sorters(self, sorters) -> list[dict]:
        known: dict[str, dict] = {}
        for one in sorters if isinstance(sorters, list) else ():
            if isinstance(one, dict) and one.get("field") in set(map(str, self.value.columns)):
                known[one["field"]] = {
                    "field": one["field"],
                    "dir": "asc" if one.get("dir") == "asc" else "desc",
                }
        return list(known.values())

    def _are_rows(self, rows) -> bool:
        """Say whether these are rows of the page that the browser has."""
        size = self.page_size or 0
        return (
            isinstance(rows, list)
            and len(rows) <= size
            and all(isinstance(row, int) and 0 <= row < size for row in rows)
        )

    def _config_columns(self, column_objs):
        columns = [dict(column) for column in super()._config_columns(column_objs)]
        for column in columns:
            if width := self._least_widths.get(str(column.get("field"))):
                column |= {"minWidth": width, "widthGrow": round(width / _SHARE)}
        return columns


def _is_page(page, bounds) -> bool:
    low, high = bounds or (1, None)
    return isinstance(page, int) and low <= page and (high is None or page <= high)


def number(decimals: int = 0) -> NumberFormatter:
    """Return what writes a column of numbers; missing ones become a dash."""
    places = f".{'0' * decimals}" if decimals else ""
    return NumberFormatter(format=f"0,0{places}", nan_format=MISSING)


def data_table(
    columns: dict[str, str], numbers: dict[str, int], widths: dict[str, int], **options
) -> pn.widgets.Tabulator:
    """Return an empty table.

    Parameters
    ----------
    columns : dict
        Title of each column.
    numbers : dict
        Decimals of those that hold numbers.
    widths : dict
        Least width of columns in pixels; all grow in proportion where there is room.
    **options
        For `panel.widgets.Tabulator`.
    """
    # Columns of buttons are made in the browser, where only what holds for all columns reaches them.
    beside = {"columnDefaults": {"minWidth": _BUTTON}} if "buttons" in options else {}
    return _Table(
        pd.DataFrame({name: pd.Series(dtype=object) for name in columns}),
        titles=columns,
        # For all: otherwise the types of the first, empty, rows would decide.
        formatters={
            name: number(numbers[name]) if name in numbers else StringFormatter() for name in columns
        },
        text_align={name: "right" if name in numbers else "left" for name in columns},
        header_align={name: "right" if name in numbers else "left" for name in columns},
        editors=dict.fromkeys(columns),
        pagination="remote",
        page_size=options.pop("page_size", 100),
        show_index=False,
        layout="fit_columns",
        least_widths=widths,
        configuration={"rowHeight": 30, **beside},
        theme="simple",
        stylesheets=[CSS, _CSS],
        margin=options.pop("margin", (6, 0, 0, 0)),
        sizing_mode=options.pop("sizing_mode", "stretch_both"),
        **options,
    )


def fill(table: pn.widgets.Tabulator, rows: pd.DataFrame) -> None:
    """Show `rows` from their first page on, unless they are shown: what is drawn anew loses its place."""
    if not table.value.equals(rows):
        table.page = 1
        table.value = rows


class TableKeys(pn.custom.JSComponent):
    """Makes the rows and heads of all tables of the page reachable by the keyboard; draws nothing."""

    _esm = _ASSETS / "table_keys.js"

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)


def on_row(table: pn.widgets.Tabulator, do: Callable[[int, str], None]) -> None:
    """Call ``do(row, column)`` when a cell is clicked; `row` counts the table's rows before sorting."""

    def clicked(event) -> None:
        # A click on a column that holds no data, such as that of the check boxes, is no click on the row.
        if event.column in table.value.columns or event.column in table.buttons:
            with pn.io.hold():
                do(int(event.row), event.column)

    table.on_click(clicked)

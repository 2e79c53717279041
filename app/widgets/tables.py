"""Paginated tables in the page's style; the browser holds one page of rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import panel as pn
from bokeh.models import CustomJS
from bokeh.models.widgets.tables import HTMLTemplateFormatter, StringFormatter

from .card import CSS

_ASSETS = Path(__file__).parents[1] / "assets"
_CSS = (_ASSETS / "table.css").read_text(encoding="utf-8")
MISSING = "–"


# Pixels of minimum width per unit of ``widthGrow``.
_SHARE = 20
_BUTTON = 96
# In place of a number of decimals: six significant digits.
GENERAL = -1
# Panel drops rows that arrive while Tabulator builds the table in the browser, which would stay empty or show
# values of before. They are announced again when it is built, which it is whenever the view is rendered.
_SHOW_AGAIN = """
const tabulator = Bokeh.index.find_one?.(table)?.tabulator;
const seen = (window.quests_tables ??= new WeakSet());
if (tabulator && !seen.has(tabulator)) {
  seen.add(tabulator);
  tabulator.on("tableBuilt", () => table.source.properties.data.change.emit());
}
"""
# Properties that a client may change; tables have no filters, editing or page sizes.
_FROM_CLIENT = ("indices", "page", "sorters")


class _Table(pn.widgets.Tabulator):
    """A table whose columns share the extra width in proportion to their minimum widths.

    Panel only supports fixed widths, which leave all extra width to the one column without.
    """

    def __init__(self, *args, least_widths: dict[str, int], **params):
        self._least_widths = least_widths
        super().__init__(*args, **params)

    def _get_model(self, *args, **options):
        # One of the classes that Panel makes when they are first needed.
        model: Any = super()._get_model(*args, **options)
        model.source.js_on_change("data", CustomJS(args={"table": model}, code=_SHOW_AGAIN))
        return model

    def _process_events(self, events):
        # A client can send any property of the model: accept only those the page changes.
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
        # Ignore edits, and rows beyond the page.
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
        """Return whether `rows` are valid rows of the current page."""
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


# As `quests_app.text.sentences.with_end`; in a narrower column only the end would be seen.
_LEAST_WIDTH = 110
_TEXT = (
    "<% const text = String(value ?? ''), start = text.length > 16 ? text.length - 8 : text.length; %>"
    '<div class="ends" title="<%- text %>"><span><%- text.slice(0, start) %></span>'
    "<span><%- text.slice(start) %></span></div>"
)


def _is_page(page, bounds) -> bool:
    low, high = bounds or (1, None)
    return isinstance(page, int) and low <= page and (high is None or page <= high)


def number(decimals: int = 0) -> HTMLTemplateFormatter:
    """Return the formatter of a numeric column, with a real minus sign; missing values become a dash.

    Bokeh's own formatter of numbers writes a hyphen.
    """
    if decimals == GENERAL:
        text = "String(Number(value.toPrecision(6))).replace(/-/g, '−')"
    else:
        # No negative zero.
        places = f"{{minimumFractionDigits: {decimals}, maximumFractionDigits: {decimals}}}"
        rounded = f"(Number(value.toFixed({decimals})) || 0)"
        text = f"{rounded}.toLocaleString('en-US', {places}).replace('-', '−')"
    return HTMLTemplateFormatter(template=f"<div><%= Number.isFinite(value) ? {text} : '{MISSING}' %></div>")


def _text(width: int) -> HTMLTemplateFormatter | StringFormatter:
    return HTMLTemplateFormatter(template=_TEXT) if width >= _LEAST_WIDTH else StringFormatter()


def data_table(
    columns: dict[str, str], numbers: dict[str, int], widths: dict[str, int], **options
) -> pn.widgets.Tabulator:
    """Return an empty table.

    Parameters
    ----------
    columns : dict
        Title of each column.
    numbers : dict
        Number of decimals of each numeric column, or `GENERAL`.
    widths : dict
        Minimum width of columns in pixels; columns grow in proportion.
    **options
        Passed to `panel.widgets.Tabulator`.
    """
    # Button columns are created in the browser, where only ``columnDefaults`` applies to them.
    beside = {"columnDefaults": {"minWidth": _BUTTON}} if "buttons" in options else {}
    return _Table(
        pd.DataFrame({name: pd.Series(dtype=object) for name in columns}),
        titles=columns,
        # For all columns: Panel would otherwise infer formatters from the initial empty rows.
        formatters={
            name: number(numbers[name]) if name in numbers else _text(widths.get(name, 0)) for name in columns
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
    """Show `rows` from the first page; keep the page and scroll position if they are unchanged."""
    if not table.value.equals(rows):
        table.page = 1
        table.value = rows


class TableKeys(pn.custom.JSComponent):
    """Invisible component for keyboard navigation in all tables of the page."""

    _esm = _ASSETS / "table_keys.js"

    def __init__(self, **params):
        super().__init__(width=0, height=0, margin=0, **params)


def on_row(table: pn.widgets.Tabulator, do: Callable[[int, str], None]) -> None:
    """Call ``do(row, column)`` when a cell is clicked; `row` is the index before sorting."""

    def clicked(event) -> None:
        # Ignore clicks on columns without data, such as the check boxes.
        if event.column in table.value.columns or event.column in table.buttons:
            with pn.io.hold():
                do(int(event.row), event.column)

    table.on_click(clicked)

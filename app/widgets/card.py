"""Styled HTML panes, headings and cards."""

from html import escape
from pathlib import Path

import panel as pn

from ..text.help import tips

CSS = (Path(__file__).parents[1] / "assets" / "style.css").read_text(encoding="utf-8")

# Material's uppercase would turn δH into ΔH, a different quantity.
AS_WRITTEN = {"& .MuiToggleButton-root": {"textTransform": "none", "padding": "4px 10px"}}
ONE_LINE = {"& .MuiToggleButton-root": {**AS_WRITTEN["& .MuiToggleButton-root"], "whiteSpace": "nowrap"}}

# Of dialogs, whose cross would be black in the dark theme too.
DIALOG = {"& .MuiIconButton-root": {"color": "text.primary"}}

# Style of the drop area for one file.
DROP = """
.bk-input.filepond--root {
  font: inherit; font-size: 13px; margin: 0; border-radius: 8px; box-shadow: none; background: transparent;
  border: 1.5px dashed color-mix(in srgb, var(--mui-palette-text-primary) 30%, transparent) !important;
}
.filepond--panel-root { background: transparent !important; border: none !important; }
.bk-input.filepond--root .filepond--drop-label {
  background: transparent; color: inherit; font-size: 13px; cursor: pointer;
}
/* The green line that is left of an uploaded file. */
.filepond--item[data-filepond-item-state="processing-complete"] { display: none; }
/* FilePond's own label says more than fits. */
.filepond--drop-label label { font-size: 0; }
/* FilePond hides its label once it has a file, which here is uploaded and gone: another can be chosen. */
.bk-input.filepond--root:not(:has(.filepond--item:not([data-filepond-item-state="processing-complete"])))
.filepond--drop-label {
  opacity: 1 !important; visibility: visible !important; pointer-events: auto !important;
  transform: none !important;
}
.filepond--drop-label label::before { content: "Drop a file here"; font-size: 13px; }
"""
# Style of the drop area for several files.
DROP_SEVERAL = DROP.replace("Drop a file here", "Drop files here")


def html(text: str = "", **options) -> pn.pane.HTML:
    """Return an HTML pane in the page's style."""
    return pn.pane.HTML(
        text, stylesheets=[CSS], margin=options.pop("margin", 0), sizing_mode="stretch_width", **options
    )


def heading(title: str, topics: tuple[str, ...] = (), note: str = "") -> str:
    """Return the heading of a card as HTML; `note` must already be escaped."""
    return f'<div class="head"><h2>{escape(title)}</h2>{tips(topics)}<span class="note">{note}</span></div>'


def card(head, *content, area: str, css: tuple[str, ...] = (), **options) -> pn.Column:
    """Return a card for the grid area `area`."""
    head.css_classes = [*head.css_classes, "over"]
    return pn.Column(
        head, *content, css_classes=["card", *css], stylesheets=[CSS], styles={"grid-area": area},
        margin=0, sizing_mode=options.pop("sizing_mode", "stretch_both"), **options,
    )  # fmt: skip

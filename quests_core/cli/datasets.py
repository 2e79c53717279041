"""The command ``datasets``: list the data sets that can be opened by name."""

from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from ..published import datasets as known
from ..utils.escape import one_line
from .arguments import Json
from .common import app
from .output import print_result


@app.command()
def datasets(
    text: Annotated[str, typer.Argument(help="List only names and elements that contain this.")] = "",
    as_json: Json = False,
) -> None:
    """List the published data sets that can be given in place of a file."""
    table = known()
    wanted = (table.name + " " + table.elements).str.contains(text, case=False, regex=False)
    found = table[wanted].astype(object)
    rows = found.where(found.notna(), None).to_dict("records")
    shown = Table(*table.columns, box=SIMPLE)
    for row in rows:
        shown.add_row(*(_cell(value) for value in row.values()))
    print_result({"datasets": rows}, shown, as_json)


def _cell(value) -> Text:
    return Text("" if value is None else f"{value:,}" if isinstance(value, int) else one_line(value))

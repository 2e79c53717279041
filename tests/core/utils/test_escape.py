"""Tests of escaping: the same malicious texts are written in each format, and read by its interpreter."""

import csv
import io
import json
import re

import pandas as pd
import pytest
import typer
from rich.console import Console
from rich.text import Text

from quests_core.cli.common import report_errors
from quests_core.cli.output import print_result
from quests_core.utils.escape import bokeh, csv_bytes, csv_cell, one_line, terminal
from tests.core.ugly_texts import TEXTS

# Characters that start a formula at the beginning of a cell in spreadsheets.
STARTS = tuple("=+-@\t\r＝＋－＠")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def is_number(text):
    return re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("text", TEXTS)
def test_one_line_is_one_line(text):
    line = one_line(text)
    assert not CONTROL.search(line)
    assert len(line.splitlines()) <= 1
    line.encode()
    assert CONTROL.search(text) or "\n" in text or line == text


@pytest.mark.parametrize("text", TEXTS)
def test_terminal_output_contains_no_control_sequences(text, capsys):
    print_result({"label": text}, f"label {text}", as_json=False)
    print_result({"label": text}, Text(terminal(f"label {text}")), as_json=False)
    with pytest.raises(typer.Exit), report_errors():
        raise ValueError(f"{text}: frame 3")
    shown = capsys.readouterr()
    assert not CONTROL.search(shown.out + shown.err)
    assert "frame 3" in shown.err
    for line in terminal(text).split("\n"):
        assert line.strip() in shown.out


@pytest.mark.parametrize("text", TEXTS)
def test_rich_markup_is_not_interpreted(text):
    console = Console(file=io.StringIO(), force_terminal=True, width=10_000, color_system="truecolor")
    console.print(Text(one_line(text)), highlight=False)
    assert console.file.getvalue() == one_line(text) + "\n"


@pytest.mark.parametrize("text", TEXTS)
def test_json_is_one_line(text, capsys):
    print_result({"label": text}, "", as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isascii()
    assert json.loads(line) == {"label": text}


@pytest.mark.parametrize("text", TEXTS)
def test_csv_has_no_formulas_and_loses_no_text(text):
    rows = [[-1.5, text, text], [2.0, "plain", -3]]
    table = pd.DataFrame(rows, columns=pd.Index(["n", text, "mixed"], dtype=object), dtype=object)
    table["n"] = table["n"].astype(float)
    data = csv_bytes(table).decode()
    header, first, second = csv.reader(io.StringIO(data, newline=""))
    assert first[0] == "-1.5"
    assert second == ["2.0", "plain", "-3"]
    for cell in (header[1], first[1], first[2]):
        assert is_number(text) or not cell.startswith(STARTS)
        # Nor with another separator than the comma.
        assert not re.search(r"[;\n][=+\-@]", cell)
        assert not CONTROL.search(cell)
        assert cell.replace("'", "") == terminal(text).replace("'", "")
    assert table.columns[1] == text, "the table that was given stays as it is"


@pytest.mark.parametrize("number", ["-1.5", "+3", "-.5", "1e-7", "-2E+3", -1.5, 3, None, True])
def test_numbers_in_csv_are_unchanged(number):
    assert csv_cell(number) is number


@pytest.mark.parametrize("text", TEXTS)
def test_bokeh_detects_no_tex(text):
    # The pattern of BokehJS.
    for begin, end in ((r"\$\$", r"\$\$"), (r"\\\[", r"\\\]"), (r"\\\(", r"\\\)")):
        assert not re.search(rf"{begin}[\s\S]*?{end}", bokeh(text))
    assert bokeh(text).replace("\u200b", "") == terminal(text).replace("\u200b", "")

"""Exports interpret no text from files, and saving replaces no file."""

import ast
import json
import logging
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import holoviews as hv
import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import ColorBar
from typer.testing import CliRunner

from quests_app import plots
from quests_app.exports import code as code_module
from quests_app.exports import record as record_module
from quests_app.exports import subset
from quests_app.exports.images import images
from quests_app.plots.elements.options import titled
from quests_app.plots.map import MapFigure
from quests_app.plots.map_colors import by_value
from quests_app.plots.sets import short_names
from quests_app.server.telemetry import JsonLines
from quests_app.server.uploads import safe_name
from quests_app.text.sentences import label_counts
from quests_core.cli import app as command_line
from quests_core.utils.escape import terminal
from tests.core.ugly_texts import TEXTS

SVG = "{http://www.w3.org/2000/svg}"


def named(opened, name):
    """Return an open file as if it had been uploaded with a given name."""
    return replace(opened, dataset=replace(opened.dataset, name=name, uploaded=True))


# Exports


TEX = [text for text in TEXTS if re.search(r"[$\\]", text) and text.strip()]


def everywhere(texts):
    """Return figures with texts wherever one has some from a file: ticks, legend, title, colour bar."""
    xy = np.random.default_rng(0).normal(size=(len(texts), 2))
    yield plots.redundancy({text: (1.0, 9) for text in texts})
    yield plots.overlap_matrix(np.eye(6), texts[:6])
    yield titled(plots.environment_map(xy, np.array(texts[:8] * len(texts))[: len(texts)]), texts[-1])
    yield plots.environment_map(xy, xy[:, 0], title=texts[-2])


@pytest.mark.filterwarnings("ignore:Glyph.*missing from font")
def test_figures_show_texts_literally():
    texts = [text for text in TEXTS if text]
    shown = set()
    for element in everywhere(texts):
        files = images(element, ("svg", "png"))
        drawn = ElementTree.fromstring(files["svg"])
        shown |= {"".join(node.itertext()).strip().replace("\u200b", "") for node in drawn.iter(f"{SVG}text")}
        assert files["png"].startswith(b"\x89PNG")
        assert not list(drawn.iter(f"{SVG}script"))
    for text in short_names([terminal(text) for text in texts]):
        for line in filter(str.strip, text.split("\n")):
            assert line.strip() in shown
    for text in (*(f"{text} 1" for text in texts[:8]), *texts[-2:]):
        assert any(terminal(text).split("\n")[0].strip() in one for one in shown)


def test_figures_of_the_browser_hold_no_tex():
    for element in everywhere(TEX):
        document = Document()
        document.add_root(hv.renderer("bokeh").get_plot(element).state)
        figure = document.roots[0]
        texts = [bar.title for bar in figure.select({"type": ColorBar})]
        texts += [figure.title.text, *(item.label.value for row in figure.legend for item in row.items)]
        for axis in (*figure.xaxis, *figure.yaxis):
            texts += [axis.axis_label, *axis.major_label_overrides.values()]
        assert not [text for text in texts if text and re.search(r"\$\$|\\\[|\\\(", text)]


def test_a_colour_bar_of_the_page_fetches_no_tex(rng):
    plot = MapFigure()
    plot.set_points(rng.normal(size=(4, 2)), np.arange(4))
    for text in TEXTS:
        plot.set_colors(by_value(np.arange(4.0), text))
        assert not re.search(r"\$\$|\\\[|\\\(", plot.color_bar.title)


@pytest.mark.parametrize("name", TEXTS)
def test_shell_commands_quote_file_names(opened, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if not name.strip():
        pytest.skip("no file is called so")
    words = shlex.split(code_module.command(named(opened.state.opened, name), opened.state.path, 3))
    assert words[2] in (name, f"./{name}")
    assert not words[2].startswith("-")
    if "\0" not in name and not re.search("[\ud800-\udfff]", name):
        done = CliRunner().invoke(command_line, words[1:])
        assert done.exit_code == 1
        assert re.search("no such file|expected a regular file|cannot be read", done.stderr)


@pytest.mark.parametrize("name", TEXTS)
def test_python_code_quotes_file_names(opened, name):
    code = code_module.python_code(named(opened.state.opened, name), opened.state.path, 3)
    plain = code_module.python_code(named(opened.state.opened, "plain"), opened.state.path, 3)
    code.encode()
    tree, expected = ast.parse(code), ast.parse(plain)
    assert [type(node) for node in ast.walk(tree)] == [type(node) for node in ast.walk(expected)]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert name in texts


@pytest.mark.parametrize("name", TEXTS)
def test_a_record_accepts_any_name(opened, name):
    content = record_module.record(named(opened.state.opened, name), opened.state.path, 3, "file", b"")
    assert json.loads(record_module.record_bytes(content))["source"]["name"] == name


class Reader(HTMLParser):
    """Parse HTML like a browser into elements, attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, attrs))

    def handle_data(self, data):
        self.text += data


def test_labels_are_escaped_in_html():
    read = Reader(label_counts(TEXTS, shown=len(TEXTS)))
    assert read.elements == []
    for text in filter(None, TEXTS):
        assert f"{text[:40]} (1)" in read.text


@pytest.mark.parametrize("text", TEXTS)
def test_a_line_of_the_log_is_one_line(text):
    record = logging.LogRecord("quests_app", logging.INFO, "", 0, "opened %s", (text,), None)
    record.fields = {"name": text}
    line = JsonLines().format(record)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    told = json.loads(line)
    assert (told["event"], told["name"]) == (f"opened {text}", text)


@pytest.mark.parametrize("text", TEXTS)
def test_upload_names_are_valid_file_names(text, tmp_path):
    name = safe_name(text)
    assert re.fullmatch(r"[\w+-][\w.+-]*", name)
    (tmp_path / name).write_text("")
    assert [path.name for path in tmp_path.iterdir()] == [name]


# Saving on the server


@pytest.mark.parametrize("name", ["s.json", "S.JSON", "a.b.Json"])
def test_a_subset_cannot_have_the_name_of_its_record(opened, tmp_path, name):
    state = opened.state
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ValueError, match=r"expected a name for structures, such as .*\.xyz, got "):
        subset.save(folder / name, state.opened, state.path, 3)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ending", [".xyz", ".extxyz", ".xyz.gz", ".XYZ"])
def test_a_subset_and_its_record_are_two_files(opened, tmp_path, ending):
    state = opened.state
    folder = tmp_path / "out"
    folder.mkdir()
    target = subset.save(folder / f"s{ending}", state.opened, state.path, 3)
    first, second = sorted(folder.iterdir(), key=lambda path: path.suffix == ".json")
    assert (first, second.suffix) == (target, ".json")
    assert json.loads(second.read_text())["subset"]["file"] == target.name


@pytest.mark.parametrize("late", ["subset.xyz", "subset.json"])
def test_a_file_created_during_saving_is_not_replaced(opened, tmp_path, monkeypatch, late):
    folder = tmp_path / "out"
    folder.mkdir()
    state, check = opened.state, subset.check_source

    def meanwhile(source):
        check(source)
        (folder / late).write_text("precious")

    monkeypatch.setattr(subset, "check_source", meanwhile)
    with pytest.raises(FileExistsError, match=rf"{re.escape(late)} exists"):
        subset.save(folder / "subset.xyz", state.opened, state.path, 3)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {late: "precious"}


def test_dangling_links_are_not_followed(opened, tmp_path):
    state = opened.state
    for late in ("subset.xyz", "subset.json"):
        folder = tmp_path / f"out {late}"
        folder.mkdir()
        (folder / late).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(FileExistsError, match=r"exists; choose another name"):
            subset.save(folder / "subset.xyz", state.opened, state.path, 3)
        assert [path.name for path in folder.iterdir()] == [late]
    assert not (tmp_path / "elsewhere").exists()

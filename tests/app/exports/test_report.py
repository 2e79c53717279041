"""The HTML report."""

import base64
import dataclasses
import re

import pytest
from ase.io import write

from quests_app.analysis.methods import METHOD_INFO
from quests_app.exports.bundle import ExportOptions
from quests_app.plots.map_colors import DROPPED_COLOR
from quests_core.health import Finding
from tests.app.exports.archives import unzipped


def test_the_report_does_not_use_the_session(opened, monkeypatch):
    """In a worker thread, the current session may be another one or closed."""

    def gone():
        raise AssertionError("the document of a session was asked for")

    monkeypatch.setattr("bokeh.io.curdoc", gone)
    files, _ = unzipped(opened.state, ExportOptions(parts=("report",)))
    assert files["report.html"].count(b'<img alt="') >= 4


@pytest.mark.costly
def test_the_report_warns_of_outliers(opened):
    state, parts = opened.state, ExportOptions(parts=("report",))
    assert b"nats</b> away" not in unzipped(state, parts)[0]["report.html"]
    state.paths = {
        method: dataclasses.replace(path, curve=path.curve.assign(max_delta_entropy=largest))
        for (method, path), largest in zip(state.paths.items(), (99.0, 1.5), strict=True)
    }
    said = "<b>msc</b> leaves an environment <b>99.0 nats</b> away; <b>random</b> at most 1.5."
    assert said in unzipped(state, parts)[0]["report.html"].decode()


def test_the_report_needs_no_network_and_runs_nothing_from_the_file(session, frames, tmp_path):
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    for atoms in frames:
        atoms.info["config_type"] = attack
    write(tmp_path / "a.xyz", frames, format="extxyz")
    session.open(tmp_path / "a.xyz", attack)
    findings = (Finding("x", "error", attack, attack, (1, 2, 5)),)
    files, _ = unzipped(session.state, ExportOptions(parts=("report",)), findings=findings)
    page = files["report.html"].decode()
    body = page[page.rindex("<body>") :]
    # The plots alone, which run no scripts as images.
    n_plots = len(re.findall('<img alt="[^"<]*" src="data:image/svg', body))
    assert len(re.findall("<img", body)) == n_plots >= 4
    assert "<script" not in page
    assert "<title>QUESTS Explorer: &lt;/script" in page
    assert not re.search(r"<[^>]*(src|href)=(?!\"data:)|@import|url\(|https?:", page)
    assert len(page) < 2_000_000
    said = ("Entropy against diversity", "Overlap against size", "Force tail", "SHA-256", "0.015 Å⁻¹")
    for text in (*said, "frames 1-2,5"):
        assert text in page


@pytest.mark.costly
def test_the_legend_of_the_map_has_the_colours_of_its_points(opened):
    state, parts = opened.state, ExportOptions(parts=("report",))
    page = unzipped(state, parts, embedding=state.embedding)[0]["report.html"].decode()
    (encoded,) = re.findall('<img alt="Map[^"]*" src="data:image/svg[^,]*;base64,([^"]*)"', page)
    drawn = base64.b64decode(encoded).decode()
    legend = drawn[drawn.index('id="legend_1"') :]
    kept = METHOD_INFO[state.active].color.lower()
    assert {kept, DROPPED_COLOR[:7]} <= set(re.findall("fill: (#[0-9a-f]{6})", legend))

"""The command ``report``."""

import json
import re
from html import unescape

import pytest

from tests.app.cli.commands import QUICK, run


def provenance(page):
    return json.loads(unescape(re.findall("<pre>(.*?)</pre>", page.read_text(), flags=re.DOTALL)[0]))


def test_the_report_shows_what_the_dashboard_shows(opened, file, tmp_path):
    target = tmp_path / "report.html"
    done = run("report", file, *QUICK, "-s", "25%", "-o", target)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"msc keeps 6 of 24 frames\nWritten to {target}\n"
    record = provenance(target)
    assert record["subset"]["indices_by_rank"] == opened.state.paths["msc"].frames(6).tolist()
    assert record["parameters"]["locked"] == [0]
    text = target.read_text()
    assert text.count("<img") >= 7
    assert "Exact duplicates" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert run("report", file, *QUICK, "-o", target).exit_code == 1


@pytest.mark.slow
def test_a_reference_is_compared_with(file, other_file, tmp_path):
    target = tmp_path / "report.html"
    done = run("report", file, *QUICK, "-s", 5, "-r", other_file, "-o", target)
    assert done.exit_code == 0, done.output
    record = provenance(target)
    assert record["parameters"]["reference"]["name"] == "other.xyz"
    assert "Novelty in both directions" in target.read_text()


def test_without_the_packages_of_the_dashboard_it_says_what_to_install(file, tmp_path, monkeypatch):
    monkeypatch.setattr("quests_app.cli.analysis._PACKAGES", ("json", "no_such_package"))
    done = run("report", file, *QUICK, "-o", tmp_path / "report.html")
    assert done.exit_code == 1
    assert 'plots and tables need no_such_package: pip install "quests-explorer[app]"' in done.stderr
    assert not (tmp_path / "report.html").exists()

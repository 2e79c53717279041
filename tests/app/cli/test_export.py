"""The command ``export``."""

import json
import zipfile

import pandas as pd
import pytest

from quests_app.exports.tables import curve_table
from tests.app.cli.commands import QUICK, run


def test_tables_and_plots_are_those_of_the_dashboard(opened, file, tmp_path):
    tables, plots = tmp_path / "tables", tmp_path / "plots"
    done = run("export", file, *QUICK, "-s", 6, "--tables", tables, "--plots", plots, "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["n_frames"] == 6
    names = {path.name for path in tables.iterdir()}
    assert {"frames.csv", "curves.csv", "numbers.csv", "health.csv", "redundancy.csv"} <= names
    curves = pd.read_csv(tables / "curves.csv")
    pd.testing.assert_frame_equal(curves, curve_table(opened.state.paths), check_exact=True)
    drawn = {path.name for path in plots.iterdir()}
    for plot in ("entropy-diversity", "overlap", "delta-entropy", "forces", "redundancy", "map-kept"):
        assert {f"{plot}.svg", f"{plot}.png", f"{plot}.pdf"} <= drawn
    assert (plots / "overlap.pdf").read_bytes().startswith(b"%PDF")
    written = [str(path) for folder in (tables, plots) for path in folder.iterdir()]
    assert sorted(answer["files"]) == sorted(written)


def test_an_archive_holds_the_parts_asked_for(file, tmp_path):
    target = tmp_path / "all.zip"
    done = run("export", file, *QUICK, "-s", 6, "--parts", "indices,environments", "-o", target)
    assert done.exit_code == 0, done.output
    assert "msc keeps 6 of 24 frames" in done.stdout
    with zipfile.ZipFile(target) as archive:
        names = set(archive.namelist())
    assert names == {"subset.xyz", "subset.json", "indices.txt", "tables/environments.csv"}
    done = run("export", file, *QUICK, "-o", target)
    assert done.exit_code == 1
    assert "--force replaces it" in done.stderr


def test_a_folder_with_files_is_replaced_only_with_force(file, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "frames.csv").write_text("precious")
    (folder / "notes.txt").write_text("mine")
    done = run("export", file, *QUICK, "--tables", folder)
    assert done.exit_code == 1
    assert "is not empty; --force replaces files of the same names" in done.stderr
    assert (folder / "frames.csv").read_text() == "precious"
    assert run("export", file, *QUICK, "--tables", folder, "--force").exit_code == 0
    assert (folder / "frames.csv").read_text().startswith("frame,")
    assert (folder / "notes.txt").read_text() == "mine"
    done = run("export", file, *QUICK, "--plots", tmp_path / "no" / "folder")
    assert "there is no folder" in done.stderr
    done = run("export", file, *QUICK, "--plots", file)
    assert "expected a folder" in done.stderr


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        ((), 2, "expected --output, --tables or --plots"),
        (("--tables", "t", "--split", "90:10"), 2, "expected an archive for frames"),
        (("-o", "a.zip", "--parts", "pictures"), 1, "--parts: expected some of indices, tables"),
        (("-o", "a.xyz"), 1, "expected a name that ends in .zip"),
        (("--tables", "t", "-m", "k_means"), 2, "expected methods with nested subsets"),
    ],
)
def test_usage(file, tmp_path, monkeypatch, options, code, why):
    monkeypatch.chdir(tmp_path)
    done = run("export", file, "--no-umap", *options)
    assert done.exit_code == code
    assert why in " ".join(done.stderr.replace("│", "").split())
    assert {path.name for path in tmp_path.iterdir()} == {file.name}
